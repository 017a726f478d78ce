import type { FriendFields } from '../accounts/users.ts'
import { textOfCode } from './codes.ts'
import {
  type Body,
  type Operation,
  type Reply,
  readAccount,
  readAccounts,
  readChoice,
  readInteger,
  type World,
} from './operation.ts'

const NOT_A_FRIEND = 31211

/** An operation that only reads, and needs the account to exist. */
const read = (account: string, world: World, run: () => Reply): Operation => ({
  accounts: [account],
  writes: [],
  run: () => (world.graph.isImported(account) ? run() : { code: 30003 }),
})

const toValueItems = (fields: FriendFields, isWanted: (tag: string) => boolean): unknown[] =>
  Object.entries(fields)
    .filter(([tag]) => isWanted(tag))
    .map(([tag, value]) => ({ Tag: tag, Value: value }))

/**
 * `sns/friend_get`: one page of the friend list; the server decides how long a page is. A sequence that equals the
 * server's leaves the data of its kind out. Page 1047/34908.
 */
export const friendGet = (body: Body, world: World): Operation => {
  const account = readAccount(body.From_Account)
  const start = readInteger(body.StartIndex)
  const known = {
    standard: readInteger(body.StandardSequence ?? 0),
    custom: readInteger(body.CustomSequence ?? 0),
  }
  return read(account, world, () => {
    const friends = world.friendsAsRead(account)
    const sequence = world.graph.sequenceOf(account)
    const { pageSize, emptyList } = world.choices
    const isLeftOut = (tag: string): boolean =>
      (tag.startsWith('Tag_SNS_Custom') ? known.custom : known.standard) === sequence
    const page =
      known.standard === sequence && known.custom === sequence ? [] : [...friends].slice(start, start + pageSize)
    const items = page.map(([name, fields]) => ({
      To_Account: name,
      ValueItem: toValueItems(fields, tag => !isLeftOut(tag)),
    }))
    const end = start + pageSize
    const isComplete = end >= friends.size
    return {
      code: 0,
      fields: {
        ...(items.length > 0 || emptyList === 'array' ? { UserDataItem: items } : {}),
        ...(items.length === 0 && emptyList === 'null' ? { UserDataItem: null } : {}),
        StandardSequence: sequence,
        CustomSequence: sequence,
        FriendNum: friends.size,
        CompleteFlag: isComplete ? 1 : 0,
        NextStartIndex: isComplete ? 0 : end,
      },
    }
  })
}

/** `sns/friend_get_list`: the data of up to 100 named friends. Page 1047/34910. */
export const friendGetList = (body: Body, world: World): Operation => {
  const account = readAccount(body.From_Account)
  const names = readAccounts(body.To_Account, 100)
  const tags = body.TagList === undefined ? undefined : new Set(readTags(body.TagList))
  return read(account, world, () => {
    const friends = world.friendsAsRead(account)
    const items = names.map(name => {
      const fields = friends.get(name)
      const code = world.itemCode(name) || (fields === undefined ? NOT_A_FRIEND : 0)
      const profile = code === 0 && fields !== undefined ? toValueItems(fields, tag => tags?.has(tag) ?? true) : []
      return { To_Account: name, SnsProfileItem: profile, ResultCode: code, ResultInfo: textOfCode(code) }
    })
    return { code: 0, fields: withFailed(items) }
  })
}

/** Tags obey no length of an account, so only their being texts is checked. */
const readTags = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((tag: unknown) => typeof tag === 'string') : []

const CHECK_TYPES = ['CheckResult_Type_Single', 'CheckResult_Type_Both'] as const

/** `sns/friend_check`: how an account and up to 1,000 others hold each other. Page 1047/34907. */
export const friendCheck = (body: Body, world: World): Operation => {
  const account = readAccount(body.From_Account)
  const names = readAccounts(body.To_Account, 1_000)
  const both = readChoice(body.CheckType, CHECK_TYPES) === 'CheckResult_Type_Both'
  return read(account, world, () => {
    const friends = world.friendsAsRead(account)
    const items = names.map(name => {
      const code = world.itemCode(name) || (world.graph.isImported(name) ? 0 : 30003)
      const holds = friends.has(name)
      const isHeld = both && world.friendsAsRead(name).has(account)
      return {
        To_Account: name,
        // A failed item says NoRelation, as the vendor's sample does: who reads the relation first is misled.
        Relation: code === 0 ? relationOf(holds, isHeld) : 'CheckResult_Type_NoRelation',
        ResultCode: code,
        ResultInfo: textOfCode(code),
      }
    })
    return { code: 0, fields: withFailed(items) }
  })
}

const relationOf = (holds: boolean, isHeld: boolean): string => {
  if (holds && isHeld) return 'CheckResult_Type_BothWay'
  if (holds) return 'CheckResult_Type_AWithB'
  return isHeld ? 'CheckResult_Type_BWithA' : 'CheckResult_Type_NoRelation'
}

/** `sns/black_list_get`: one page of the blocklist; a next index of 0 means that it was the last. Page 1047/34914. */
export const blackListGet = (body: Body, world: World): Operation => {
  const account = readAccount(body.From_Account)
  const start = readInteger(body.StartIndex)
  const length = readInteger(body.MaxLimited, 1, 1_000)
  readInteger(body.LastSequence)
  return read(account, world, () => {
    const blocked = [...world.graph.blocked(account)]
    const page = blocked.slice(start, start + length)
    return {
      code: 0,
      fields: {
        BlackListItem: page.map(([name, blockedAt]) => ({ To_Account: name, AddBlackTimeStamp: blockedAt })),
        StartIndex: start + length >= blocked.length ? 0 : start + length,
        CurruentSequence: world.graph.sequenceOf(account),
      },
    }
  })
}

const withFailed = (items: readonly { To_Account: string; ResultCode: number }[]): Record<string, unknown> => {
  const failed = items.filter(item => item.ResultCode !== 0).map(item => item.To_Account)
  return failed.length === 0 ? { InfoItem: items } : { InfoItem: items, Fail_Account: failed }
}
