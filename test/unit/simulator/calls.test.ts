import { describe, expect, test } from 'vitest'
import type { Simulator, SimulatorOptions } from '../../../simulator/index.ts'
import { type Answer, call, clear, codeOf, withSimulator } from './caller.ts'

const GRAPH: SimulatorOptions = {
  users: {
    count: 20,
    listed: [
      { account: 'anna', friends: ['bert', 'carl', 'dora'], blocked: ['x1', 'x2', 'x3'] },
      { account: 'bert', friends: ['anna'] },
      { account: 'carl', friends: ['anna', 'bert'] },
      { account: 'dora', friends: [] },
      { account: 'emil', friends: ['anna'] },
      {
        account: 'rich',
        friends: { anna: { Tag_SNS_IM_Remark: 'old friend', Tag_SNS_IM_Group: ['g1'], Tag_SNS_Custom_Test: 'x' } },
      },
    ],
  },
}

const relation = (answer: Answer): unknown => answer.InfoItem

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

  test('can be told to answer otherwise for an account without friends', async () => {
    await withSimulator({ ...GRAPH, state: { noFriendsCode: 30001 } }, async simulator => {
      expect(await codeOf(simulator, 'friend_delete_all', clear('dora'))).toBe(30001)
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
    await withSimulator({ users: { importAll: true, privateFriends: 3_000 } }, async simulator => {
      expect(simulator.friendsOf('user_1')).toHaveLength(3_000)
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

  test('says nothing of failed accounts when there are none, and can use the code of the FAQ for a stranger', async () => {
    await withSimulator({ ...GRAPH, state: { nonFriendCode: 30001 } }, async simulator => {
      const answer = await call(simulator, 'friend_delete', { From_Account: 'anna', To_Account: ['bert'] })
      expect(answer).not.toHaveProperty('Fail_Account')
      expect(simulator.friendsOf('bert')).toEqual(['anna'])
      const second = await call(simulator, 'friend_delete', { From_Account: 'anna', To_Account: ['bert'] })
      expect(second.ResultItem).toMatchObject([{ ResultCode: 30001 }])
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
      { From_Account: 'anna', To_Account: Array.from({ length: 1_001 }, (_, index) => `f${index}`) },
      30001,
    ],
    ['1,000 names', { From_Account: 'anna', To_Account: Array.from({ length: 1_000 }, (_, index) => `f${index}`) }, 0],
  ])('answers %s with its code', async (_, body, code) => {
    await withSimulator(GRAPH, async simulator => expect(await codeOf(simulator, 'friend_delete', body)).toBe(code))
  })
})

/** Reads all pages as a client would. */
const readAll = async (simulator: Simulator, account: string): Promise<{ names: string[]; pages: number }> => {
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
    await withSimulator({ users: { count: 1, privateFriends: 250 }, state: { pageSize: 7 } }, async simulator => {
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

  test.each([
    ['array', { UserDataItem: [] }],
    ['missing', {}],
    ['null', { UserDataItem: null }],
  ] as const)('shows an empty list as %s when told so', async (emptyList, shown) => {
    await withSimulator({ ...GRAPH, state: { emptyList } }, async simulator => {
      const answer = await call(simulator, 'friend_get', { From_Account: 'dora', StartIndex: 0 })
      expect(answer).toMatchObject({ FriendNum: 0, CompleteFlag: 1, ...shown })
      expect('UserDataItem' in answer).toBe(emptyList !== 'missing')
    })
  })

  test('shows the old list for a while after a write when reads lag behind', async () => {
    let now = 1_000
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

describe('friend_get_list and friend_check', () => {
  test('name the strangers among those asked for', async () => {
    await withSimulator(GRAPH, async simulator => {
      const answer = await call(simulator, 'friend_get_list', {
        From_Account: 'rich',
        To_Account: ['anna', 'bert'],
        TagList: ['Tag_SNS_Custom_Test'],
      })
      expect(relation(answer)).toEqual([
        {
          To_Account: 'anna',
          SnsProfileItem: [{ Tag: 'Tag_SNS_Custom_Test', Value: 'x' }],
          ResultCode: 0,
          ResultInfo: '',
        },
        { To_Account: 'bert', SnsProfileItem: [], ResultCode: 31211, ResultInfo: 'SNS_FRD_GET_LIST_FRD_NO_EXIST' },
      ])
      expect(answer.Fail_Account).toEqual(['bert'])
      const many = Array.from({ length: 101 }, (_, index) => `f${index}`)
      expect(await codeOf(simulator, 'friend_get_list', { From_Account: 'anna', To_Account: many })).toBe(30001)
    })
  })

  test('tell the four relations apart, and two of them one-way', async () => {
    await withSimulator(GRAPH, async simulator => {
      const check = async (from: string, type: string): Promise<unknown> =>
        relation(
          await call(simulator, 'friend_check', {
            From_Account: from,
            To_Account: ['bert', 'dora', 'emil', 'user_1'],
            CheckType: `CheckResult_Type_${type}`,
          }),
        )
      const shown = (...relations: string[]): unknown =>
        relations.map(name => ({ Relation: `CheckResult_Type_${name}` }))
      expect(await check('anna', 'Both')).toMatchObject(Object(shown('BothWay', 'AWithB', 'BWithA', 'NoRelation')))
      expect(await check('anna', 'Single')).toMatchObject(Object(shown('AWithB', 'AWithB', 'NoRelation', 'NoRelation')))
    })
  })

  test('a failed item of friend_check says NoRelation, so that the code must be read first', async () => {
    await withSimulator({ ...GRAPH, faults: ['item-30006:accounts=bert'] }, async simulator => {
      const answer = await call(simulator, 'friend_check', {
        From_Account: 'anna',
        To_Account: ['bert', 'nobody'],
        CheckType: 'CheckResult_Type_Both',
      })
      expect(relation(answer)).toMatchObject([
        { Relation: 'CheckResult_Type_NoRelation', ResultCode: 30006 },
        { Relation: 'CheckResult_Type_NoRelation', ResultCode: 30003 },
      ])
      expect(answer.Fail_Account).toEqual(['bert', 'nobody'])
    })
  })

  test('friend_check wants a type', async () => {
    await withSimulator(GRAPH, async simulator => {
      expect(await codeOf(simulator, 'friend_check', { From_Account: 'anna', To_Account: ['bert'] })).toBe(30001)
    })
  })
})

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
