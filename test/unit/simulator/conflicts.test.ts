import { describe, expect, test } from 'vitest'
import type { Simulator, SimulatorOptions } from '../../../simulator/index.ts'
import { eventually } from '../../helpers/eventually.ts'
import { clear, codeOf, startClear, withSimulator } from './caller.ts'

const GROUPS: SimulatorOptions = { users: { count: 20, groupsOf: 5 }, conflictMs: 0, backendTimeout: false }

/**
 * Starts a call, and waits until it holds its locks or was refused.
 *
 * @returns its answer, or 0 where it has none yet, because it lasts as long as the test
 */
async function begin(simulator: Simulator, command: string, body: unknown): Promise<number> {
  const calls = (): number =>
    Object.values(simulator.figures().byCommand).reduce((sum, figures) => sum + figures.calls, 0)
  const before = calls()
  let answer = 0
  codeOf(simulator, command, body).then(
    code => {
      answer = code
    },
    () => {},
  )
  await eventually('the call to arrive', async () => calls() > before)
  // The body may come in a packet of its own. The answer to a later read proves that the server has taken the call in.
  await codeOf(simulator, 'friend_get', { From_Account: 'user_20', StartIndex: 0 })
  return answer
}

describe('two writes to one account at the same time', () => {
  test.each<[string, string, unknown, string, unknown, number]>([
    ['the same account twice', 'friend_delete_all', clear('user_1'), 'friend_delete_all', clear('user_1'), 30008],
    [
      'two friends, the first two-way',
      'friend_delete_all',
      clear('user_1'),
      'friend_delete_all',
      clear('user_2', 'Delete_Type_Single'),
      30008,
    ],
    [
      'two friends, the second two-way',
      'friend_delete_all',
      clear('user_1', 'Delete_Type_Single'),
      'friend_delete_all',
      clear('user_2'),
      30008,
    ],
    [
      'two friends, both one-way',
      'friend_delete_all',
      clear('user_1', 'Delete_Type_Single'),
      'friend_delete_all',
      clear('user_2', 'Delete_Type_Single'),
      0,
    ],
    ['two strangers', 'friend_delete_all', clear('user_1'), 'friend_delete_all', clear('user_6'), 0],
    [
      'a clear and a delete of the same account',
      'friend_delete_all',
      clear('user_1'),
      'friend_delete',
      { From_Account: 'user_1', To_Account: ['user_2'] },
      30008,
    ],
    [
      'a two-way delete and a clear of the named friend',
      'friend_delete',
      { From_Account: 'user_1', To_Account: ['user_2'], DeleteType: 'Delete_Type_Both' },
      'friend_delete_all',
      clear('user_2', 'Delete_Type_Single'),
      30008,
    ],
    [
      'a clear and a read',
      'friend_delete_all',
      clear('user_1'),
      'friend_get',
      { From_Account: 'user_1', StartIndex: 0 },
      0,
    ],
    [
      'a clear and a write to an unknown account',
      'friend_delete_all',
      clear('user_1'),
      'friend_delete_all',
      clear('nobody'),
      30003,
    ],
  ])('%s', async (_, firstCommand, firstBody, secondCommand, secondBody, code) => {
    await withSimulator({ ...GROUPS, lockMs: 600_000 }, async simulator => {
      await begin(simulator, firstCommand, firstBody)
      if (code === 0) expect(await begin(simulator, secondCommand, secondBody)).toBe(0)
      else expect(await codeOf(simulator, secondCommand, secondBody)).toBe(code)
    })
  })

  test('a lock of 0 ms makes the change at once, long before the backend answers', async () => {
    await withSimulator({ ...GROUPS, lockMs: 0, latency: 600_000 }, async simulator => {
      startClear(simulator)
      await eventually('the change', async () => simulator.friendsOf('user_1').length === 0)
      expect(simulator.ledgerOf('user_1')).toMatchObject({ deletesApplied: 1, okAnswers: 0 })
    })
  })

  test('the second one changes nothing, and goes through once the first is over', async () => {
    await withSimulator({ ...GROUPS, lockMs: 1000 }, async simulator => {
      const both = await Promise.all(
        ['user_1', 'user_2'].map(account => codeOf(simulator, 'friend_delete_all', clear(account))),
      )
      expect(both.toSorted()).toEqual([0, 30008])
      const late = both[0] === 30008 ? 'user_1' : 'user_2'
      expect(simulator.ledgerOf(late)).toMatchObject({ deletesApplied: 0, friendsLeft: 3 })
      expect(await codeOf(simulator, 'friend_delete_all', clear(late))).toBe(0)
      expect(simulator.friendsOf(late)).toEqual([])
    })
  })

  test('never happens when calls come one after the other', async () => {
    await withSimulator({ ...GROUPS, latency: 2 }, async simulator => {
      for (let index = 1; index <= 20; index += 1) {
        expect(await codeOf(simulator, 'friend_delete_all', clear(`user_${index}`))).toBe(0)
      }
      expect(simulator.figures().byCommand.friend_delete_all.byCode).toEqual({ 0: 20 })
    })
  })

  test('ends with every list empty when friends of each other are cleared at once and repeated on conflict', async () => {
    const options = { users: { count: 30, groupsOf: 10 }, latency: 3, limitPerSecond: 1_000_000 }
    await withSimulator(options, async simulator => {
      const accounts = Array.from({ length: 30 }, (_, index) => `user_${index + 1}`)
      const clearUntilOk = async (account: string): Promise<void> => {
        while ((await codeOf(simulator, 'friend_delete_all', clear(account))) !== 0);
      }
      await Promise.all(accounts.map(clearUntilOk))
      const { byCode, calls } = simulator.figures().byCommand.friend_delete_all
      expect(byCode['30008']).toBeGreaterThan(0)
      expect(calls).toBe(30 + (byCode['30008'] ?? 0))
      for (const account of accounts) {
        expect(simulator.ledgerOf(account)).toMatchObject({ friendsLeft: 0, deletesApplied: 1, okAnswers: 1 })
      }
    })
  })

  test('leaves no lock behind after faults, time-outs and refusals', async () => {
    const faults = [
      'hang-after-apply:accounts=user_1,times=1',
      '30007:accounts=user_1,times=1',
      'partial:accounts=user_1,times=1',
    ]
    await withSimulator({ ...GROUPS, latency: 5, faults, backendTimeout: { afterMs: 1000 } }, async simulator => {
      const hangUp = startClear(simulator)
      await eventually('the call to hang', async () => simulator.figures().faults[0]?.hits === 1)
      expect(await hangUp()).toBe('no answer')
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(30007)
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(30007)
      simulator.setLatency(2000)
      simulator.setTiming({ backendTimeout: { afterMs: 20, applies: 'never' } })
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(60008)
      simulator.setLatency(0)
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(0)
    })
  })
})

describe('a backend that takes too long', () => {
  const slow: SimulatorOptions = { users: { count: 2, privateFriends: 2 }, latency: 1500 }

  test.each([
    ['before', 0],
    ['never', 2],
  ] as const)('answers 60008 at its limit, with the change made %s', async (applies, friendsLeft) => {
    await withSimulator({ ...slow, backendTimeout: { afterMs: 30, applies } }, async simulator => {
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(60008)
      expect(simulator.ledgerOf('user_1')).toMatchObject({
        friendsLeft,
        deletesApplied: applies === 'before' ? 1 : 0,
        okAnswers: 0,
      })
    })
  })

  test('can make the change after it has answered', async () => {
    await withSimulator(
      { ...slow, backendTimeout: { afterMs: 30, code: 30007, applies: 'after' } },
      async simulator => {
        expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(30007)
        expect(simulator.friendsOf('user_1')).toHaveLength(2)
        await eventually('the late change', async () => simulator.friendsOf('user_1').length === 0)
      },
    )
  })

  test('takes as long as it takes when the limit is off', async () => {
    await withSimulator({ ...slow, latency: 3100, backendTimeout: false }, async simulator => {
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(0)
    })
  })
})
