import { DelayedError, ErrorCode, type Job, UnrecoverableError, WaitingError } from 'bullmq'
import { RETRY_PRIORITY } from '../../jobs/job/due.ts'
import { systemClock } from '../../limiter/clock.ts'
import type { Processed } from '../attempt/processed.ts'
import { fullJitterMs } from '../vendor/backoff.ts'
import { ATTEMPT_BACKOFF } from '../vendor/retry-policy.ts'

/** BullMQ has no backoff of this name, so it asks the pool's own strategy. */
const OWN_BACKOFF = 'full-jitter'

/**
 * Tells BullMQ what becomes of a job. BullMQ completes the job when this returns, and needs an error for everything
 * else; no other file throws to steer BullMQ.
 *
 * @param token the token of BullMQ's lock on the job
 * @param maxAttempts attempts after which BullMQ fails a job instead of retrying it
 * @throws UnrecoverableError for a dead letter; `RetryError` for another attempt later; DelayedError and WaitingError
 *   for a job that goes back and uses no attempt
 */
export async function tellBullMq(
  job: Job,
  token: string | undefined,
  { outcome, progress }: Processed,
  maxAttempts: number,
): Promise<void> {
  switch (outcome.kind) {
    case 'cleared':
    case 'not_imported':
    case 'cancelled':
      return
    case 'dead':
      throw new UnrecoverableError(`${outcome.reason.code} ${outcome.reason.text}`)
    case 'retry':
      await Promise.all([job.changePriority({ priority: RETRY_PRIORITY }), job.updateProgress(progress)])
      setBackoff(job, maxAttempts)
      throw new RetryError(`${outcome.reason.code} ${outcome.reason.text}`, outcome.leastWaitMs)
    case 'snooze':
      if (progress.calls > 0) await job.updateProgress(progress)
      if (outcome.waitMs === 0) return handBack(job, token)
      await job.moveToDelayed(systemClock.epochMs() + outcome.waitMs, token)
      throw new DelayedError()
    case 'stop':
      if (progress.calls > 0) await job.updateProgress(progress)
      return handBack(job, token)
    default:
      outcome satisfies never
  }
}

/** Puts the job back as if no worker had taken it. */
async function handBack(job: Job, token: string | undefined): Promise<never> {
  await job.moveToWait(token)
  throw new WaitingError()
}

/** Sends a job back with backoff, after any number of attempts: the worker or Redis failed, not the job. */
export const retryAfterFault = (job: Job): void => setBackoff(job, Number.POSITIVE_INFINITY)

// The worker sets these now; stored in the options of each waiting job they would cost memory in Redis.
function setBackoff(job: Job, maxAttempts: number): void {
  job.opts.attempts = maxAttempts
  job.opts.backoff = { type: OWN_BACKOFF }
}

/** Lets BullMQ count an attempt and send the job back to the queue. */
class RetryError extends Error {
  override readonly name = 'RetryError'
  readonly leastWaitMs: number

  constructor(message: string, leastWaitMs = 0) {
    super(message)
    this.leastWaitMs = leastWaitMs
  }
}

/** Gives the backoff before the next attempt, in ms, after so many and after this error. */
export const backoffAfter = (attempts: number, error: unknown): number =>
  Math.max(error instanceof RetryError ? error.leastWaitMs : 0, fullJitterMs(attempts, ATTEMPT_BACKOFF))

/** Whether an error steers BullMQ and is no fault. */
export const isForBullMq = (error: unknown): boolean =>
  error instanceof RetryError ||
  error instanceof UnrecoverableError ||
  error instanceof DelayedError ||
  error instanceof WaitingError

/**
 * Whether the job is no longer in Redis: this process stood still until its lock ended, and another one ended the job.
 */
export const isGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === ErrorCode.JobNotExist

/** Empties an error's stack. BullMQ would store 2 kB of it for each job; code and reason are enough. */
export function withoutStack(error: unknown): unknown {
  if (error instanceof Error) error.stack = ''
  return error
}
