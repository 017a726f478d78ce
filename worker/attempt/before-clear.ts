import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from '../../jobs/job/outcome.ts'
import { stopAsClosed } from './steps.ts'

/** What a {@link BeforeClear} hook is told besides the account. */
export interface AboutClear {
  /** The erasure request it belongs to. */
  readonly request: string | undefined
  /** Ends when the answer is no longer waited for: after 10 seconds, or because the process drains. */
  readonly signal: AbortSignal
}

/**
 * Asked right before the first delete of each attempt, so that a pipeline can stop it at the last moment: a legal hold,
 * a person who came back. It must say `clear` for the account to be cleared; `veto` ends the job as `cancelled`. When it
 * throws, answers anything else or does not answer in time, nothing is deleted and the job is tried again later.
 *
 * Between its answer and the delete lies the wait for a permit, a second or two on a busy fleet.
 */
export type BeforeClear = (account: string, about: AboutClear) => Promise<'clear' | 'veto'> | 'clear' | 'veto'

/** Half would fail a hook that asks a slow service; double would keep too many jobs in hand for one that hangs. */
const ANSWERS_WITHIN_MS = 10_000

/**
 * Asks the hook.
 *
 * @param signal gives up waiting when the process drains
 * @param withinMs how long the answer may take; default 10 seconds
 * @returns the outcome that ends the attempt; nothing when the account may be cleared
 */
export async function askBeforeClear(
  hook: BeforeClear,
  account: string,
  request: string | undefined,
  signal: AbortSignal,
  withinMs: number = ANSWERS_WITHIN_MS,
): Promise<Outcome | undefined> {
  const waiting = new AbortController()
  const told = AbortSignal.any([signal, waiting.signal])
  const late = sleep(withinMs, 'late' as const, { signal: told }).catch(() => 'aborted' as const)
  const asked = Promise.resolve()
    .then(() => hook(account, { request, signal: told }))
    // Its message may quote the account.
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
