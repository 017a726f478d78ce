import type { Outcome } from '../../jobs/job/outcome.ts'
import { isListEmpty } from './friend-list.ts'
import { type Attempt, stopAsClosed } from './steps.ts'

/**
 * `empty`: a look saw the list empty. `not_empty`: every look saw friends. `unread`: a look failed; `cause` is the
 * outcome that the failed read would have had.
 */
export type LookResult =
  | { readonly kind: 'empty' }
  | { readonly kind: 'not_empty' }
  | { readonly kind: 'unread'; readonly cause: Outcome; readonly act?: string }

/** The vendor's reads may lag behind its writes, so a filled list is read again after these waits. */
const LOOK_AGAIN_AFTER_MS = [1000, 3000] as const

/** Looks up to three times whether the friend list is empty. Reads only, so it is safe to repeat. */
export async function verifyEmpty(attempt: Attempt): Promise<LookResult> {
  for (const waitMs of [0, ...LOOK_AGAIN_AFTER_MS]) {
    if (waitMs > 0) await attempt.wait(waitMs)
    const looked = await isListEmpty(attempt)
    if (looked.kind === 'stopped') {
      const { outcome, act } = looked.stop
      return { kind: 'unread', cause: outcome, ...(act === undefined ? {} : { act }) }
    }
    if (looked.value) return { kind: 'empty' }
    // A draining process skips the waits, so this list may just lag behind. Another worker looks later.
    if (attempt.isOver()) return { kind: 'unread', cause: stopAsClosed('aborted').stop.outcome }
  }
  return { kind: 'not_empty' }
}
