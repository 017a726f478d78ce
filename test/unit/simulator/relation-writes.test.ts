import { describe, expect, test } from 'vitest'
import { call, clear, codeOf, withSimulator } from './caller.ts'
import { GRAPH } from './small-graph.ts'

describe('friend_delete_all', () => {
  test('one-way clears the list of the account and leaves it in the lists of others', async () => {
    await withSimulator(GRAPH, async simulator => {
      expect(await call(simulator, 'friend_delete_all', clear('anna', 'Delete_Type_Single'))).toEqual({
        ActionStatus: 'OK',
        ErrorCode: 0,
        ErrorInfo: '',
        ErrorDisplay: '',
      })
      expect(simulator.friendsOf('anna')).toEqual([])
      expect([simulator.friendsOf('bert'), simulator.friendsOf('carl')]).toEqual([['anna'], ['anna', 'bert']])
    })
  })

  test('two-way also takes the account out of the lists of its friends, but not of those it does not hold', async () => {
    await withSimulator(GRAPH, async simulator => {
      expect(await codeOf(simulator, 'friend_delete_all', clear('anna'))).toBe(0)
      expect([simulator.friendsOf('anna'), simulator.friendsOf('bert'), simulator.friendsOf('carl')]).toEqual([
        [],
        [],
        ['bert'],
      ])
      expect(simulator.friendsOf('emil')).toEqual(['anna'])
    })
  })

  test('is one-way when no type is given', async () => {
    await withSimulator(GRAPH, async simulator => {
      expect(await codeOf(simulator, 'friend_delete_all', { From_Account: 'anna' })).toBe(0)
      expect(simulator.friendsOf('bert')).toEqual(['anna'])
    })
  })

  test('is OK for an account without friends and when repeated, and is counted as applied each time', async () => {
    await withSimulator(GRAPH, async simulator => {
      expect([
        await codeOf(simulator, 'friend_delete_all', clear('anna')),
        await codeOf(simulator, 'friend_delete_all', clear('anna')),
      ]).toEqual([0, 0])
      expect(simulator.ledgerOf('anna')).toEqual({
        account: 'anna',
        deletesApplied: 2,
        okAnswers: 2,
        answers: { friend_delete_all: { 0: 2 } },
        friendsLeft: 0,
        imported: true,
      })
    })
  })

  test.each([
    ['an account nobody imported', { From_Account: 'nobody' }, 30003],
    ['no account', {}, 30001],
    ['an empty account', { From_Account: '' }, 30001],
    ['an account of 33 bytes', { From_Account: 'a'.repeat(33) }, 30001],
    ['an account of 32 characters and more bytes', { From_Account: 'é'.repeat(32) }, 30001],
    ['a number for an account', { From_Account: 5 }, 60015],
    ['null for an account', { From_Account: null }, 60015],
    ['an unknown type', { From_Account: 'anna', DeleteType: 'Delete_Type_All' }, 30001],
    ['a type in another case', { From_Account: 'anna', DeleteType: 'delete_type_both' }, 30001],
    ['a type that is no text', { From_Account: 'anna', DeleteType: 1 }, 30001],
  ])('refuses %s', async (_, body, code) => {
    await withSimulator(GRAPH, async simulator => {
      const answer = await call(simulator, 'friend_delete_all', body)
      expect([answer.ErrorCode, answer.ErrorDisplay]).toEqual([code, ''])
      expect(simulator.friendsOf('anna')).toHaveLength(3)
    })
  })

  test('clears a user with 3,000 friends and a user with an odd name', async () => {
    const odd = ' !"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}'
    await withSimulator({ users: { importAll: true, privateFriends: 3000 } }, async simulator => {
      expect(simulator.friendsOf('user_1')).toHaveLength(3000)
      expect(await codeOf(simulator, 'friend_delete_all', clear('user_1'))).toBe(0)
      expect(await codeOf(simulator, 'friend_delete_all', clear(odd))).toBe(0)
      expect([simulator.friendsOf('user_1'), simulator.friendsOf('user_1~3000')]).toEqual([[], []])
      expect(simulator.ledgerOf(odd).okAnswers).toBe(1)
    })
  })
})

describe('friend_delete', () => {
  test('answers each name by itself under an OK of the whole', async () => {
    await withSimulator(GRAPH, async simulator => {
      const body = {
        From_Account: 'anna',
        To_Account: ['bert', 'emil', 'nobody', 'bert'],
        DeleteType: 'Delete_Type_Both',
      }
      expect(await call(simulator, 'friend_delete', body)).toEqual({
        ResultItem: [
          { To_Account: 'bert', ResultCode: 0, ResultInfo: '' },
          { To_Account: 'emil', ResultCode: 31704, ResultInfo: 'Err_SNS_FriendDelete_Not_Friend' },
          { To_Account: 'nobody', ResultCode: 30003, ResultInfo: 'Err_Sns_Invalid_Account' },
          { To_Account: 'bert', ResultCode: 31704, ResultInfo: 'Err_SNS_FriendDelete_Not_Friend' },
        ],
        Fail_Account: ['emil', 'nobody', 'bert'],
        ActionStatus: 'OK',
        ErrorCode: 0,
        ErrorInfo: '0',
        ErrorDisplay: '',
      })
      expect([simulator.friendsOf('anna'), simulator.friendsOf('bert')]).toEqual([['carl', 'dora'], []])
    })
  })

  test('says nothing of failed accounts when there are none, and 31704 of a stranger', async () => {
    await withSimulator(GRAPH, async simulator => {
      const answer = await call(simulator, 'friend_delete', { From_Account: 'anna', To_Account: ['bert'] })
      expect(answer).not.toHaveProperty('Fail_Account')
      expect(simulator.friendsOf('bert')).toEqual(['anna'])
      const second = await call(simulator, 'friend_delete', { From_Account: 'anna', To_Account: ['bert'] })
      expect(second.ResultItem).toMatchObject([{ ResultCode: 31704 }])
    })
  })

  test('fails single items by a fault rule', async () => {
    await withSimulator({ ...GRAPH, faults: ['item-30006:accounts=carl,times=1'] }, async simulator => {
      const body = { From_Account: 'anna', To_Account: ['bert', 'carl'], DeleteType: 'Delete_Type_Both' }
      expect((await call(simulator, 'friend_delete', body)).ResultItem).toMatchObject([
        { ResultCode: 0 },
        { ResultCode: 30006 },
      ])
      expect(simulator.friendsOf('anna')).toEqual(['carl', 'dora'])
      expect((await call(simulator, 'friend_delete', body)).ResultItem).toMatchObject([
        { ResultCode: 31704 },
        { ResultCode: 0 },
      ])
    })
  })

  test.each([
    ['an unknown account', { From_Account: 'nobody', To_Account: ['anna'] }, 30003],
    ['no names', { From_Account: 'anna' }, 30001],
    ['an empty list', { From_Account: 'anna', To_Account: [] }, 30001],
    ['a text for the list', { From_Account: 'anna', To_Account: 'bert' }, 30001],
    ['a number in the list', { From_Account: 'anna', To_Account: [1] }, 60015],
    [
      '1,001 names',
      { From_Account: 'anna', To_Account: Array.from({ length: 1001 }, (_, index) => `f${index}`) },
      30001,
    ],
    ['1,000 names', { From_Account: 'anna', To_Account: Array.from({ length: 1000 }, (_, index) => `f${index}`) }, 0],
  ])('answers %s with its code', async (_, body, code) => {
    await withSimulator(GRAPH, async simulator => expect(await codeOf(simulator, 'friend_delete', body)).toBe(code))
  })
})
