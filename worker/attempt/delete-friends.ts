import { z } from 'zod'
import { ruleOfCode } from '../vendor/error-codes.ts'
import { friendDeleteSchema } from '../vendor/wire.ts'
import { askVendor } from './ask-vendor.ts'
import { checkAccount } from './check-account.ts'
import { readFriends } from './friend-list.ts'
import { type Attempt, done, type Step, stopAsMalformed, stopBy, stopWith } from './steps.ts'

/**
 * `deleted`: the vendor said OK. `unproved`: its answer may mean that no friends are left, and only a look at the list
 * decides. `not_imported`: there is no such account.
 */
export type Deleted = 'deleted' | 'unproved' | 'not_imported'

/** The vendor takes 1,000 a call; half of them stay far below its limit for a packet (vendor page 1047/34905). */
const FRIENDS_PER_CALL = 500

/** A success says no more than that. */
const anySchema = z.unknown()

/** Deletes all friends with one call, `friend_delete_all`. */
export async function deleteAll(attempt: Attempt): Promise<Step<Deleted>> {
  const body = { From_Account: attempt.account, DeleteType: attempt.deleteType }
  const asked = await askVendor(attempt, 'friend_delete_all', body, anySchema)
  if (asked.kind === 'stopped') return asked
  switch (asked.value.kind) {
    case 'ok':
      return done('deleted')
    case 'not_friends':
      return done('unproved')
    case 'no_account':
      return checkAccount(attempt, 'friend_delete_all', asked.value.verdict)
    default:
      return asked.value satisfies never
  }
}

/**
 * Deletes the friends by name, 500 a call. The vendor advises this batch mode when `friend_delete_all` keeps
 * conflicting with other writes.
 *
 * The attempt tries all friends first. It then leaves those whose delete may pass later to the next attempt. A friend
 * whose delete can never pass ends the job only if the list still holds it: «illegal» may mean that the two are no
 * friends.
 *
 * @returns never `deleted`: friends may have come since the list was read, so a look must prove it
 */
export async function deleteInBatches(attempt: Attempt): Promise<Step<Deleted>> {
  const read = await readFriends(attempt)
  if (read.kind === 'stopped') return read
  if (read.value === 'not_imported') return done('not_imported')
  const left: Left[] = []
  for (let from = 0; from < read.value.length; from += FRIENDS_PER_CALL) {
    const step = await deleteBatch(attempt, read.value.slice(from, from + FRIENDS_PER_CALL))
    if (step.kind === 'stopped') return step
    if (step.value === 'not_imported') return done('not_imported')
    left.push(...step.value)
  }
  const later = left.filter(each => each.fate === 'later')
  if (later.length > 0) return stopByFirst(later)
  return left.length === 0 ? done('unproved') : stopUnlessGone(attempt, left)
}

/** A friend that was not deleted. Its delete may pass `later`, or `never`. */
interface Left {
  readonly friend: string
  readonly code: number
  readonly fate: 'later' | 'never'
}

async function deleteBatch(
  attempt: Attempt,
  friends: readonly string[],
): Promise<Step<readonly Left[] | 'not_imported'>> {
  const body = { From_Account: attempt.account, To_Account: friends, DeleteType: attempt.deleteType }
  const asked = await askVendor(attempt, 'friend_delete', body, friendDeleteSchema)
  if (asked.kind === 'stopped') return asked
  const answer = asked.value
  if (answer.kind === 'no_account') return checkAccount(attempt, 'friend_delete', answer.verdict)
  // «Not friends» for the whole call: the list has changed since it was read, and a look decides.
  if (answer.kind === 'not_friends') return done([])
  const codes = new Map(answer.body.ResultItem.map(item => [item.To_Account, item.ResultCode]))
  const missing = friends.some(friend => !codes.has(friend))
  if (missing) return stopAsMalformed('a friend_delete without a result for each friend')
  return done(friends.flatMap(friend => leftWith(friend, codes.get(friend) ?? 0)))
}

function leftWith(friend: string, code: number): Left[] {
  switch (ruleOfCode(code).class) {
    // For one friend, «not friends» and «no such account» mean that the goal is reached.
    case 'done':
    case 'not_friends':
    case 'check_account':
      return []
    case 'permanent':
    case 'unexpected':
      return [{ friend, code, fate: 'never' }]
    default:
      return [{ friend, code, fate: 'later' }]
  }
}

async function stopUnlessGone(attempt: Attempt, undeletable: readonly Left[]): Promise<Step<Deleted>> {
  const read = await readFriends(attempt)
  if (read.kind === 'stopped') return read
  if (read.value === 'not_imported') return done('not_imported')
  const still = new Set(read.value)
  const stuck = undeletable.filter(each => still.has(each.friend))
  const first = stuck[0]
  if (first === undefined) return done('unproved')
  const text = `${stuck.length} friends can never be deleted by name: ${ruleOfCode(first.code).means}`
  return stopWith({ kind: 'dead', reason: { code: String(first.code), text } }, ruleOfCode(first.code).act)
}

/** Ends the attempt with the code of the first friend that is left, as if the whole call had got this code. */
function stopByFirst(left: readonly Left[]): Step<never> {
  const code = left[0]?.code ?? 0
  const rule = ruleOfCode(code)
  return stopBy({
    class: rule.class,
    reason: { code: String(code), text: `${left.length} friends could not be deleted by name: ${rule.means}` },
    ...(rule.act === undefined ? {} : { act: rule.act }),
    ...(rule.attempts === undefined ? {} : { attempts: rule.attempts }),
    label: String(code),
    outcomeUnknown: false,
    answered: true,
    body: undefined,
  })
}
