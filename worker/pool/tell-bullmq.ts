import { ErrorCode, type Job, UnrecoverableError } from 'bullmq'
import { RETRY_PRIORITY } from '../../jobs/job/due.ts'
import { systemClock } from '../../limiter/clock.ts'
import type { Processed } from '../attempt/processed.ts'
import type { Progress } from '../attempt/progress.ts'
import { fullJitterMs } from '../vendor/backoff.ts'
import { ATTEMPT_BACKOFF } from '../vendor/retry-policy.ts'

/** BullMQ has no backoff of this name, so it asks the pool's own strategy. */
const OWN_BACKOFF = 'full-jitter'

interface TellOptions {
  readonly maxAttempts: number
  readonly takeNext: boolean
  readonly keepProgress: (progress: Progress) => Promise<void>
}

/**
 * Tells BullMQ what becomes of a job: it ends, is a dead letter, gets another attempt later, or goes back without having
 * used one. Safe to repeat after a failure.
 *
 * @param token the token of BullMQ's lock on the job
 * @param options.maxAttempts attempts after which BullMQ fails a job instead of retrying it
 * @param options.takeNext whether a job that ends shall bring the next one along, locked with the same token
 * @param options.keepProgress stores what this attempt leaves for the next one
 * @returns BullMQ's answer, with the next job if there is one
 */
export async function tellBullMq(
  job: Job,
  token: string,
  { outcome, progress }: Processed,
  { maxAttempts, takeNext, keepProgress }: TellOptions,
): Promise<unknown> {
  switch (outcome.kind) {
    case 'cleared':
    case 'not_imported':
    case 'cancelled':
      return job.moveToCompleted(undefined, token, takeNext)
    case 'dead':
      return fail(job, token, new UnrecoverableError(`${outcome.reason.code} ${outcome.reason.text}`), takeNext)
    case 'retry':
      await Promise.all([job.changePriority({ priority: RETRY_PRIORITY }), keepProgress(progress)])
      setBackoff(job, maxAttempts)
      return fail(
        job,
        token,
        new RetryError(`${outcome.reason.code} ${outcome.reason.text}`, outcome.leastWaitMs),
        takeNext,
      )
    case 'snooze':
    case 'stop': {
      if (progress.calls > 0) await keepProgress(progress)
      const waitMs = outcome.kind === 'snooze' ? outcome.waitMs : 0
      await (waitMs > 0 ? job.moveToDelayed(systemClock.epochMs() + waitMs, token) : job.moveToWait(token))
      return undefined
    }
    default:
      return outcome satisfies never
  }
}

/** Sends a job back with backoff, after any number of attempts: the worker or Redis failed, not the job. */
export async function retryAfterFault(job: Job, token: string, error: unknown): Promise<void> {
  setBackoff(job, Number.POSITIVE_INFINITY)
  await fail(job, token, error instanceof Error ? error : new Error(typeof error))
}

/** BullMQ would store 2 kB of an error's stack for each job; code and reason are enough. */
function fail(job: Job, token: string, error: Error, takeNext = false): Promise<unknown> {
  error.stack = ''
  return job.moveToFailed(error, token, takeNext)
}

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

/** What BullMQ answers of a job that this process has no more: it stood still until its lock ran out. */
const NOT_OURS = new Set<unknown>([
  ErrorCode.JobNotExist,
  ErrorCode.JobLockNotExist,
  ErrorCode.JobLockMismatch,
  ErrorCode.JobNotInState,
])

/** Whether another worker has the job, or has ended it. */
export const isNotOurs = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && NOT_OURS.has(error.code)
