import { describe, expect, test } from 'vitest'
import type { LimitAlgorithm, Simulator } from '../../../simulator/index.ts'
import { clear, codeOf, sign, withSimulator } from './caller.ts'

const START = 1_700_000_000_000

/** Sends so many calls one after the other and gives their codes. */
async function codes(simulator: Simulator, count: number, command = 'friend_delete_all'): Promise<number[]> {
  const all: number[] = []
  for (let index = 0; index < count; index += 1) all.push(await codeOf(simulator, command, bodyOf(command)))
  return all
}

const bodyOf = (command: string): unknown =>
  command === 'account_check' ? { CheckItem: [{ UserID: 'user_1' }] } : { ...Object(clear('user_1')), StartIndex: 0 }

describe('ceilings', () => {
  test.each<LimitAlgorithm>(['aligned', 'sliding', 'bucket'])(
    '%s: a call above the ceiling gets 60007, and the next second lets calls in again',
    async limitAlgorithm => {
      let now = START
      await withSimulator({ limitPerSecond: 3, limitAlgorithm, monotonic: () => now }, async simulator => {
        expect(await codes(simulator, 5)).toEqual([0, 0, 0, 60007, 60007])
        now += 1000
        expect(await codes(simulator, 4)).toEqual([0, 0, 0, 60007])
      })
    },
  )

  test('refused calls keep a client out when they count', async () => {
    let now = START
    await withSimulator({ limitPerSecond: 2, countRefused: true, monotonic: () => now }, async simulator => {
      expect(await codes(simulator, 3)).toEqual([0, 0, 60007])
      now += 600
      expect(await codes(simulator, 2)).toEqual([60007, 60007])
      now += 600
      expect(await codes(simulator, 1)).toEqual([60007])
      now += 1000
      expect(await codes(simulator, 1)).toEqual([0])
    })
  })

  test('a refused call changes nothing and promises no time to come back', async () => {
    await withSimulator(
      { limitPerSecond: 1, users: { count: 4, groupsOf: 4 }, monotonic: () => START },
      async simulator => {
        expect(await codeOf(simulator, 'friend_delete_all', clear('user_1', 'Delete_Type_Single'))).toBe(0)
        expect(await codeOf(simulator, 'friend_delete_all', clear('user_2'))).toBe(60007)
        expect(simulator.friendsOf('user_2')).toHaveLength(3)
        expect(simulator.ledgerOf('user_2')).toMatchObject({
          deletesApplied: 0,
          answers: { friend_delete_all: { 60007: 1 } },
        })
      },
    )
  })

  test('every call has its own counter, by default that of the vendor', async () => {
    await withSimulator({ monotonic: () => START }, async simulator => {
      expect((await codes(simulator, 201)).filter(code => code === 60007)).toHaveLength(1)
      expect((await codes(simulator, 101, 'account_check')).filter(code => code === 60007)).toHaveLength(1)
      expect(await codes(simulator, 1, 'friend_get')).toEqual([0])
      const { byCommand } = simulator.figures()
      expect(byCommand.friend_delete_all).toMatchObject({
        calls: 201,
        worstSecond: { calls: 201 },
        callsOverLimit: 1,
        byCode: { 0: 200, 60007: 1 },
      })
      expect(byCommand.account_check).toMatchObject({ calls: 101, callsOverLimit: 1, limitPerSecond: 100 })
    })
  })

  test('can be changed while the server runs, for one call or for all', async () => {
    await withSimulator({ limitPerSecond: 5, monotonic: () => START }, async simulator => {
      simulator.setLimit({ command: 'friend_get', perSecond: 1 })
      expect(await codes(simulator, 2, 'friend_get')).toEqual([0, 60007])
      expect(await codes(simulator, 2)).toEqual([0, 0])
      simulator.setLimit({ perSecond: 1, algorithm: 'aligned' })
      expect(await codes(simulator, 2)).toEqual([0, 60007])
    })
  })

  test('over all calls of the app are answered with 60011', async () => {
    await withSimulator({ appLimitPerSecond: 3, monotonic: () => START }, async simulator => {
      expect([...(await codes(simulator, 2)), ...(await codes(simulator, 2, 'friend_get'))]).toEqual([0, 0, 0, 60011])
      simulator.setLimit({ appPerSecond: null })
      expect(await codes(simulator, 2)).toEqual([0, 0])
    })
  })

  test('calls with a bad signature arrive but do not count against the ceiling', async () => {
    await withSimulator({ limitPerSecond: 1, monotonic: () => START }, async simulator => {
      const usersig = sign({ key: 'x' })
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'), { query: { usersig } })).toBe(70009)
      expect(await codes(simulator, 2)).toEqual([0, 60007])
      expect(simulator.figures()).toMatchObject({ badSignatures: 1, byCommand: { friend_delete_all: { calls: 3 } } })
    })
  })
})

describe('arrivals', () => {
  test('are stamped for each call, in order, so that others can count for themselves', async () => {
    let now = START
    await withSimulator({ monotonic: () => now }, async simulator => {
      for (const step of [0, 5, 994]) {
        now += step
        await codes(simulator, 1)
      }
      now += 1
      await codes(simulator, 2)
      expect(simulator.arrivals('friend_delete_all')).toEqual([
        START,
        START + 5,
        START + 999,
        START + 1000,
        START + 1000,
      ])
      expect(simulator.arrivals('friend_get')).toEqual([])
      expect(simulator.figures().byCommand.friend_delete_all).toMatchObject({
        worstSecond: { calls: 4, startedAt: START + 5 },
        worst100ms: { calls: 3, startedAt: START + 999 },
      })
    })
  })

  test('use a clock that does not fall and stands near the epoch', async () => {
    await withSimulator({}, async simulator => {
      await codes(simulator, 20)
      const stamps = simulator.arrivals('friend_delete_all')
      expect(stamps).toEqual(stamps.toSorted((a, b) => a - b))
      expect(Math.abs((stamps[0] ?? 0) - Date.now())).toBeLessThan(600_000)
    })
  })
})
