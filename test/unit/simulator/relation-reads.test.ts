import { describe, expect, test } from 'vitest'
import type { Simulator } from '../../../simulator/index.ts'
import { call, clear, codeOf, withSimulator } from './caller.ts'
import { GRAPH } from './small-graph.ts'

/** Reads all pages as a client would. */
async function readAll(simulator: Simulator, account: string): Promise<{ names: string[]; pages: number }> {
  const names: string[] = []
  let start = 0
  for (let pages = 1; ; pages += 1) {
    const answer = await call(simulator, 'friend_get', { From_Account: account, StartIndex: start })
    const items: unknown = answer.UserDataItem
    if (Array.isArray(items)) names.push(...items.map((item: { To_Account: string }) => item.To_Account))
    if (answer.CompleteFlag !== 0) return { names, pages }
    start = Number(answer.NextStartIndex)
  }
}

describe('friend_get', () => {
  test('gives pages of the size the server decides until the list is complete', async () => {
    await withSimulator({ users: { count: 1, privateFriends: 250 } }, async simulator => {
      const { names, pages } = await readAll(simulator, 'user_1')
      expect([names, pages]).toEqual([simulator.friendsOf('user_1'), 3])
    })
    await withSimulator({ users: { count: 1, privateFriends: 250 }, pageSize: 7 }, async simulator => {
      expect((await readAll(simulator, 'user_1')).pages).toBe(36)
    })
  })

  test('gives fields as the vendor’s sample does', async () => {
    await withSimulator(GRAPH, async simulator => {
      expect(await call(simulator, 'friend_get', { From_Account: 'rich', StartIndex: 0 })).toEqual({
        UserDataItem: [
          {
            To_Account: 'anna',
            ValueItem: [
              { Tag: 'Tag_SNS_IM_Remark', Value: 'old friend' },
              { Tag: 'Tag_SNS_IM_Group', Value: ['g1'] },
              { Tag: 'Tag_SNS_Custom_Test', Value: 'x' },
            ],
          },
        ],
        StandardSequence: 2,
        CustomSequence: 2,
        FriendNum: 1,
        CompleteFlag: 1,
        NextStartIndex: 0,
        ActionStatus: 'OK',
        ErrorCode: 0,
        ErrorInfo: '',
        ErrorDisplay: '',
      })
    })
  })

  test('leaves out what a sequence says the caller knows already', async () => {
    await withSimulator(GRAPH, async simulator => {
      const read = async (sequences: object): Promise<unknown> =>
        (await call(simulator, 'friend_get', { From_Account: 'rich', StartIndex: 0, ...sequences })).UserDataItem
      expect(await read({ StandardSequence: 2 })).toEqual([
        { To_Account: 'anna', ValueItem: [{ Tag: 'Tag_SNS_Custom_Test', Value: 'x' }] },
      ])
      expect(await read({ CustomSequence: 2 })).toMatchObject([
        { ValueItem: [{ Tag: 'Tag_SNS_IM_Remark' }, { Tag: 'Tag_SNS_IM_Group' }] },
      ])
      expect(await read({ StandardSequence: 2, CustomSequence: 2 })).toEqual([])
      expect(await read({ StandardSequence: 0, CustomSequence: 0 })).toHaveLength(1)
    })
  })

  test('shows the old list for a while after a write when reads lag behind', async () => {
    let now = 1000
    await withSimulator({ ...GRAPH, readLagMs: 500, monotonic: () => now }, async simulator => {
      await codeOf(simulator, 'friend_delete_all', clear('anna'))
      const countOf = async (account: string): Promise<unknown> =>
        (await call(simulator, 'friend_get', { From_Account: account, StartIndex: 0 })).FriendNum
      expect([await countOf('anna'), await countOf('bert'), simulator.friendsOf('anna')]).toEqual([3, 1, []])
      now += 500
      expect([await countOf('anna'), await countOf('bert')]).toEqual([0, 0])
    })
  })

  test.each([
    ['an unknown account', { From_Account: 'nobody', StartIndex: 0 }, 30003],
    ['no start', { From_Account: 'anna' }, 30001],
    ['a start as text', { From_Account: 'anna', StartIndex: '0' }, 30001],
    ['a negative start', { From_Account: 'anna', StartIndex: -1 }, 30001],
    ['a start beyond the end', { From_Account: 'anna', StartIndex: 99 }, 0],
  ])('answers %s with its code', async (_, body, code) => {
    await withSimulator(GRAPH, async simulator => expect(await codeOf(simulator, 'friend_get', body)).toBe(code))
  })
})
