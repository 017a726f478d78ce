import { type CodeRule, ruleOfCode } from './api/error-codes.ts'
import { friendDeleteSchema } from './api/wire.ts'
import { checkAccount } from './check-account.ts'
import { readFriends } from './friend-list.ts'
import { type Attempt, done, ended, endedAsClosed, endedAsMalformed, endedBy, type Step } from './steps.ts'

/** `deleted`: the vendor said OK. `not_imported`: there is no such account. */
export type Deleted = 'deleted' | 'not_imported'

/** The vendor takes 1,000; half keeps clear of its limit for the size of a packet (vendor page 1047/34905). */
const FRIENDS_PER_CALL = 500

/** Deletes all friends with the one call that is made for it. */
export async function deleteAll(attempt: Attempt): Promise<Step<Deleted>> {
  const body = { From_Account: attempt.account, DeleteType: attempt.deleteType }
  const result = await attempt.call('friend_delete_all', body)
  if (result.kind === 'closed') return endedAsClosed(result.by)
  if (result.verdict.class === 'done') return done('deleted')
  if (result.verdict.class === 'check_account') return checkAccount(attempt, result.verdict)
  return endedBy(result.verdict)
}

/**
 * Deletes the friends by name, some hundred a call: the batch mode that the vendor advises when deleting all of them at
 * once keeps conflicting with other writes. Friends that conflict again are left to the next attempt.
 */
export async function deleteInBatches(attempt: Attempt): Promise<Step<Deleted>> {
  const read = await readFriends(attempt)
  if (read.kind === 'ended') return read
  for (let from = 0; from < read.value.length; from += FRIENDS_PER_CALL) {
    const step = await deleteBatch(attempt, read.value.slice(from, from + FRIENDS_PER_CALL))
    if (step.kind === 'ended') return step
  }
  return done('deleted')
}

async function deleteBatch(attempt: Attempt, friends: readonly string[]): Promise<Step<'deleted'>> {
  const body = { From_Account: attempt.account, To_Account: friends, DeleteType: attempt.deleteType }
  const result = await attempt.call('friend_delete', body)
  if (result.kind === 'closed') return endedAsClosed(result.by)
  if (result.verdict.class !== 'done') return endedBy(result.verdict)
  const parsed = friendDeleteSchema.safeParse(result.verdict.body)
  if (!parsed.success) return endedAsMalformed('a friend_delete without results')
  const left = parsed.data.ResultItem.filter(item => !isGone(ruleOfCode(item.ResultCode)))
  const first = left[0]
  if (first === undefined) return done('deleted')
  return ended({
    kind: 'retry',
    reason: { code: String(first.ResultCode), text: `${left.length} friends could not be deleted by name` },
  })
}

/** For a friend, «not friends» and «no such account» are the goal. */
const isGone = (rule: CodeRule): boolean => rule.class === 'done' || rule.class === 'check_account'
