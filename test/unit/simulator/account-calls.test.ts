import { describe, expect, test } from 'vitest'
import { type Answer, call, clear, codeOf, withSimulator } from './caller.ts'
import { GRAPH } from './small-graph.ts'

describe('blocklists', () => {
  test('are read in pages that end with 0, apart from the friends', async () => {
    await withSimulator(GRAPH, async simulator => {
      await codeOf(simulator, 'friend_delete_all', clear('anna'))
      const page = (start: number): Promise<Answer> =>
        call(simulator, 'black_list_get', { From_Account: 'anna', StartIndex: start, MaxLimited: 2, LastSequence: 0 })
      expect(await page(0)).toMatchObject({
        BlackListItem: [{ To_Account: 'x1' }, { To_Account: 'x2' }],
        StartIndex: 2,
      })
      expect(await page(2)).toMatchObject({ BlackListItem: [{ To_Account: 'x3' }], StartIndex: 0, ErrorDisplay: '' })
      expect(Object.keys(await page(0))).toContain('CurruentSequence')
    })
  })

  test('lose the names that are deleted and refuse others', async () => {
    await withSimulator(GRAPH, async simulator => {
      const answer = await call(simulator, 'black_list_delete', { From_Account: 'anna', To_Account: ['x2', 'bert'] })
      expect(answer).toMatchObject({
        ResultItem: [{ ResultCode: 0 }, { ResultCode: 30001 }],
        Fail_Account: ['bert'],
        ErrorCode: 0,
      })
      const left = await call(simulator, 'black_list_get', {
        From_Account: 'anna',
        StartIndex: 0,
        MaxLimited: 10,
        LastSequence: 0,
      })
      expect(left.BlackListItem).toMatchObject([{ To_Account: 'x1' }, { To_Account: 'x3' }])
    })
  })

  test.each([
    ['no MaxLimited', { StartIndex: 0, LastSequence: 0 }],
    ['no LastSequence', { StartIndex: 0, MaxLimited: 10 }],
    ['no StartIndex', { MaxLimited: 10, LastSequence: 0 }],
    ['more than 1,000 on a page', { StartIndex: 0, MaxLimited: 1_001, LastSequence: 0 }],
  ])('refuse %s', async (_, fields) => {
    await withSimulator(GRAPH, async simulator => {
      expect(await codeOf(simulator, 'black_list_get', { From_Account: 'anna', ...fields })).toBe(30001)
    })
  })
})

describe('account calls', () => {
  test('account_check tells who is imported, in an envelope without ErrorDisplay', async () => {
    await withSimulator(GRAPH, async simulator => {
      expect(await call(simulator, 'account_check', { CheckItem: [{ UserID: 'anna' }, { UserID: 'nobody' }] })).toEqual(
        {
          ResultItem: [
            { UserID: 'anna', ResultCode: 0, ResultInfo: '', AccountStatus: 'Imported' },
            { UserID: 'nobody', ResultCode: 0, ResultInfo: '', AccountStatus: 'NotImported' },
          ],
          ActionStatus: 'OK',
          ErrorCode: 0,
          ErrorInfo: '',
        },
      )
    })
  })

  test('account_delete removes accounts for good; afterwards they are unknown', async () => {
    await withSimulator(GRAPH, async simulator => {
      const answer = await call(simulator, 'account_delete', { DeleteItem: [{ UserID: 'anna' }, { UserID: 'nobody' }] })
      expect(answer.ResultItem).toMatchObject([
        { UserID: 'anna', ResultCode: 0 },
        { UserID: 'nobody', ResultCode: 70107 },
      ])
      expect(await codeOf(simulator, 'friend_delete_all', clear('anna'))).toBe(30003)
      expect(simulator.friendsOf('bert')).toEqual(['anna'])
      expect(simulator.ledgerOf('anna')).toMatchObject({ imported: false, friendsLeft: 0 })
    })
  })

  test('account_delete can clear the lists of friends too, and is refused where the console forbids it', async () => {
    await withSimulator({ ...GRAPH, state: { accountDeleteClearsPeers: true } }, async simulator => {
      simulator.setApp({ accountDeletion: false })
      expect(await codeOf(simulator, 'account_delete', { DeleteItem: [{ UserID: 'anna' }] })).toBe(71000)
      simulator.setApp({ accountDeletion: true })
      expect(await codeOf(simulator, 'account_delete', { DeleteItem: [{ UserID: 'anna' }] })).toBe(0)
      expect(simulator.friendsOf('bert')).toEqual([])
    })
  })

  test('kick takes the older name of its field too and knows nobody who is not there', async () => {
    await withSimulator(GRAPH, async simulator => {
      const codes = [{ UserID: 'anna' }, { Identifier: 'anna' }, { UserID: 'nobody' }, {}, { UserID: 7 }].map(body =>
        codeOf(simulator, 'kick', body),
      )
      expect(await Promise.all(codes)).toEqual([0, 0, 70107, 70402, 60015])
    })
  })

  test.each([
    ['account_check', {}],
    ['account_check', { CheckItem: [] }],
    ['account_check', { CheckItem: ['anna'] }],
    ['account_check', { CheckItem: [{ UserID: '' }] }],
    ['account_check', { CheckItem: Array.from({ length: 101 }, () => ({ UserID: 'anna' })) }],
    ['account_delete', { CheckItem: [{ UserID: 'anna' }] }],
    ['account_delete', { DeleteItem: Array.from({ length: 101 }, () => ({ UserID: 'anna' })) }],
  ])('%s refuses %j', async (command, body) => {
    await withSimulator(GRAPH, async simulator => expect(await codeOf(simulator, command, body)).toBe(70402))
  })
})

test('a RequestId stands in the answers when asked for, another one each time', async () => {
  await withSimulator({ requestId: true }, async simulator => {
    const ids = [await call(simulator, 'kick', {}), await call(simulator, 'kick', {})].map(answer => answer.RequestId)
    expect(new Set(ids).size).toBe(2)
    expect(ids[0]).toMatch(/^Id-[0-9a-f]+-O-Seq-\d+$/)
  })
})
