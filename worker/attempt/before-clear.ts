import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from '../../jobs/job/outcome.ts'
import { stopAsClosed } from './steps.ts'

/** Facts for a {@link BeforeClear} hook, besides the account. */
export interface AboutClear {
  /** Id of the erasure request that enqueued the account first, if it has one. */
  readonly request: string | undefined
  /** Ids of all erasure requests that want the account cleared. */
  readonly requests: readonly string[]
  /** Aborts when the worker stops waiting for the answer: after 10 seconds, or because the process drains. */
  readonly signal: AbortSignal
}

/**
 * Stops a delete at the last moment, for instance for a legal hold or a person who came back. The worker asks the hook
 * right before the first delete of each attempt. The answer `clear` lets the worker clear the account; `veto` ends the
 * job as `cancelled`. If the hook throws, answers anything else or is late, nothing is deleted and the job is retried
 * later.
 *
 * The wait for a permit lies between the answer and the delete, a second or two on a busy fleet.
 */
export type BeforeClear = (account: string, about: AboutClear) => Promise<'clear' | 'veto'> | 'clear' | 'veto'

/** Half would fail a hook that asks a slow service; double would let a hook that hangs keep too many jobs in hand. */
const ANSWERS_WITHIN_MS = 10_000

/**
 * Asks the hook. Never rejects.
 *
 * @param signal gives up waiting when the process drains
 * @param withinMs longest wait for the answer, in ms; default 10 seconds
 * @returns the outcome that ends the attempt; `undefined` when the account may be cleared
 */
export async function askBeforeClear(
  hook: BeforeClear,
  account: string,
  requests: readonly string[],
  signal: AbortSignal,
  withinMs: number = ANSWERS_WITHIN_MS,
): Promise<Outcome | undefined> {
  const waiting = new AbortController()
  const told = AbortSignal.any([signal, waiting.signal])
  const late = sleep(withinMs, 'late' as const, { signal: told }).catch(() => 'aborted' as const)
  const asked = Promise.resolve()
    .then(() => hook(account, { request: requests[0], requests, signal: told }))
    // Only the error's name is kept: its message may quote the account.
    .catch((error: unknown) => ({ failed: error instanceof Error ? error.name : typeof error }))
  const answer = await Promise.race([asked, late])
  waiting.abort()
  if (answer === 'clear') return undefined
  if (answer === 'veto') return { kind: 'cancelled', reason: { code: 'vetoed', text: 'beforeClear said veto' } }
  if (answer === 'aborted') return stopAsClosed('aborted').stop.outcome
  if (answer === 'late') {
    const text = `beforeClear did not answer within ${withinMs / 1000} s`
    return { kind: 'retry', reason: { code: 'before_clear_late', text } }
  }
  const text =
    typeof answer === 'object' && answer !== null && 'failed' in answer
      ? `beforeClear failed (${answer.failed})`
      : 'beforeClear answered neither clear nor veto'
  return { kind: 'retry', reason: { code: 'before_clear_failed', text } }
}
