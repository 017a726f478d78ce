import type { FriendFields } from '../accounts/users.ts'
import { type Body, type Operation, type Reply, readAccount, readInteger, type World } from './operation.ts'

/** Sequences up to which a caller has the friend list already. */
interface Known {
  readonly standard: number
  readonly custom: number
}

/**
 * `sns/friend_get`: one page of the friend list; the server decides how long a page is. A sequence that equals the
 * server's leaves the data of its kind out. Page 1047/34908.
 */
export function friendGet(body: Body, world: World): Operation {
  const account = readAccount(body['From_Account'])
  const start = readInteger(body['StartIndex'])
  const known = {
    standard: readInteger(body['StandardSequence'] ?? 0),
    custom: readInteger(body['CustomSequence'] ?? 0),
  }
  return {
    accounts: [account],
    writes: [],
    run: () => (world.graph.isImported(account) ? readPage(world, account, start, known) : { code: 30003 }),
  }
}

function readPage({ graph, lag, pageSize }: World, account: string, start: number, known: Known): Reply {
  const friends = lag.visible(account) ?? graph.friends(account)
  const sequence = graph.sequenceOf(account)
  const end = start + pageSize
  const isKnown = known.standard === sequence && known.custom === sequence
  const isComplete = end >= friends.size
  return {
    code: 0,
    fields: {
      UserDataItem: (isKnown ? [] : [...friends].slice(start, end)).map(([name, fields]) => ({
        To_Account: name,
        ValueItem: toValueItems(fields, known, sequence),
      })),
      StandardSequence: sequence,
      CustomSequence: sequence,
      FriendNum: friends.size,
      CompleteFlag: isComplete ? 1 : 0,
      NextStartIndex: isComplete ? 0 : end,
    },
  }
}

function toValueItems(fields: FriendFields, known: Known, sequence: number): unknown[] {
  return Object.entries(fields)
    .filter(([tag]) => (tag.startsWith('Tag_SNS_Custom') ? known.custom : known.standard) !== sequence)
    .map(([tag, value]) => ({ Tag: tag, Value: value }))
}
