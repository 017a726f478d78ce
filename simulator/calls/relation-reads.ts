import type { FriendFields } from '../accounts/users.ts'
import { type Body, type Operation, type Reply, readAccount, readInteger, type World } from './operation.ts'

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
export function friendGet(body: Body, world: World): Operation {
  const account = readAccount(body.From_Account)
  const start = readInteger(body.StartIndex)
  const known = {
    standard: readInteger(body.StandardSequence ?? 0),
    custom: readInteger(body.CustomSequence ?? 0),
  }
  return read(account, world, () => {
    const friends = world.lag.visible(account) ?? world.graph.friends(account)
    const sequence = world.graph.sequenceOf(account)
    const { pageSize } = world
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
        UserDataItem: items,
        StandardSequence: sequence,
        CustomSequence: sequence,
        FriendNum: friends.size,
        CompleteFlag: isComplete ? 1 : 0,
        NextStartIndex: isComplete ? 0 : end,
      },
    }
  })
}
