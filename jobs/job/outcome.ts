/**
 * How one attempt at a job ended, as a value. Only the pool translates it for BullMQ.
 *
 * - `cleared`, `not_imported`: the job is done.
 * - `cancelled`: the `beforeClear` hook vetoed before anything was deleted; the job is done.
 * - `retry`: the job is worth another attempt, later, after `leastWaitMs` at the earliest; this one counts.
 * - `snooze`: the job comes back later and has used no attempt (throttled, draining, paused, no permit).
 * - `stop`: our own credentials or settings are at fault; the worker halts the whole fleet, the job stays as it was.
 * - `dead`: no further attempt is worth it; the job becomes a dead letter.
 */
export type Outcome = LastOutcome | ReturningOutcome

/** An outcome with which the job ends. */
export type LastOutcome =
  | { readonly kind: 'cleared'; readonly verified: Verified }
  | { readonly kind: 'not_imported' }
  | { readonly kind: 'cancelled'; readonly reason: Reason }
  | { readonly kind: 'dead'; readonly reason: Reason }

/** An outcome with which the job goes back to the queue. */
export type ReturningOutcome =
  | { readonly kind: 'retry'; readonly reason: Reason; readonly leastWaitMs?: number }
  | { readonly kind: 'snooze'; readonly reason: Reason; readonly waitMs: number }
  | { readonly kind: 'stop'; readonly reason: Reason }

/** Whether the job ends with an outcome. */
export const isLast = (outcome: Outcome): outcome is LastOutcome =>
  outcome.kind !== 'retry' && outcome.kind !== 'snooze' && outcome.kind !== 'stop'

/** Whether a worker saw the friend list empty after the clear; `skipped` when it did not look. */
export type Verified = 'yes' | 'no' | 'skipped'

/** Code of a reason (the vendor's number, or a word of ours such as `timeout`), and a sentence without user ids. */
export interface Reason {
  readonly code: string
  readonly text: string
}

/** The final outcomes, one for each accepted account. */
export type FinalOutcome = (typeof FINAL_OUTCOMES)[number]

/** All final outcomes, in the order in which `status` shows them. */
export const FINAL_OUTCOMES = ['cleared', 'not_imported', 'dead_lettered', 'cancelled'] as const

/** Gives the name under which an outcome is settled. */
export const finalOutcomeOf = ({ kind }: LastOutcome): FinalOutcome => (kind === 'dead' ? 'dead_lettered' : kind)
