import type { Outcome } from '../../jobs/job/outcome.ts'
import { isListEmpty } from './friend-list.ts'
import { type Attempt, stopAsClosed } from './steps.ts'

/**
 * `empty`: seen empty. `not_empty`: friends were there at every look. `unread`: no look succeeded, and why; `cause` is
 * the outcome the failed read would have had.
 */
export type LookResult =
  | { readonly kind: 'empty' }
  | { readonly kind: 'not_empty' }
  | { readonly kind: 'unread'; readonly cause: Outcome; readonly act?: string }

/** Reads may lag behind writes, so a list that is not empty is looked at again after these waits. */
const LOOK_AGAIN_AFTER_MS = [1000, 3000] as const

/** Looks whether the friend list is empty. Reads only; safe to repeat. */
export async function verifyEmpty(attempt: Attempt): Promise<LookResult> {
  for (const waitMs of [0, ...LOOK_AGAIN_AFTER_MS]) {
    if (waitMs > 0) await attempt.wait(waitMs)
    const looked = await isListEmpty(attempt)
    if (looked.kind === 'stopped') {
      const { outcome, act } = looked.stop
      return { kind: 'unread', cause: outcome, ...(act === undefined ? {} : { act }) }
    }
    if (looked.value) return { kind: 'empty' }
    // Without the waits the list may just lag behind. This process ends, so another one looks.
    if (attempt.isOver()) return { kind: 'unread', cause: stopAsClosed('aborted').stop.outcome }
  }
  return { kind: 'not_empty' }
}
