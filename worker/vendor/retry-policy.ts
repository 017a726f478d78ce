import type { Backoff } from './backoff.ts'
import type { Verdict } from './classify.ts'

/**
 * Requests of one call: the first and two repeats. Further ones belong to a later attempt, when the fault may be over.
 */
export const REQUESTS_PER_CALL = 3

/** Between the requests of one call. Short, because the job holds its slot in the pool meanwhile. */
export const IN_CALL_BACKOFF: Backoff = { baseMs: 400, capMs: 2000 }

/** Between two tries to open a connection, for each of the calls next in line. */
export const CONNECT_BACKOFF: Backoff = { baseMs: 1000, capMs: 1000 }

/** Between the attempts of a job. Fifteen attempts spread over about half an hour of pure waiting. */
export const ATTEMPT_BACKOFF: Backoff = { baseMs: 1000, capMs: 600_000 }

/**
 * Whether to repeat a request within the call: after quick faults, after unknown outcomes, and after answers that may
 * mean the signature. Never after a write conflict, which repeats would prolong.
 */
export function isWorthRepeating(verdict: Verdict): boolean {
  if (verdict.class === 'retry_now' || verdict.class === 'recheck_signature') return true
  return verdict.class === 'retry_later' && verdict.outcomeUnknown
}
