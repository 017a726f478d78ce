import type { Backoff } from './backoff.ts'
import type { Verdict } from './classify.ts'

/** Requests of one call: the first and two more. Further ones belong to a later attempt, when the fault may be over. */
export const REQUESTS_PER_CALL = 3

/** Between the requests of one call. Short, because the job holds its place in the pool meanwhile. */
export const IN_CALL_BACKOFF: Backoff = { baseMs: 400, capMs: 2000 }

/** Between two tries to open a connection, for each of the calls next in line. */
export const CONNECT_BACKOFF: Backoff = { baseMs: 1000, capMs: 1000 }

/** Between the attempts of a job. Fifteen attempts spread over about half an hour of pure waiting. */
export const ATTEMPT_BACKOFF: Backoff = { baseMs: 1000, capMs: 600_000 }

/**
 * Tells whether a request is worth repeating within the call: quick faults, those that left the outcome unknown, and
 * those that may be about the signature or may pass by themselves. A write conflict never is: hammering prolongs it.
 */
export function isWorthRepeating(verdict: Verdict): boolean {
  if (verdict.class === 'retry_now' || verdict.class === 'recheck_signature') return true
  return verdict.class === 'retry_later' && verdict.outcomeUnknown
}
