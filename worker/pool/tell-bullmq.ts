import { DelayedError, ErrorCode, type Job, UnrecoverableError, WaitingError } from 'bullmq'
import { RETRY_PRIORITY } from '../../jobs/job/due.ts'
import { systemClock } from '../../limiter/clock.ts'
import type { Processed } from '../attempt/processed.ts'

/** BullMQ does not know this name of a backoff and asks our own strategy. */
const OWN_BACKOFF = 'full-jitter'

/**
 * Tells BullMQ what became of a job. BullMQ completes the job where this returns, and wants an error for everything else;
 * no other file throws to steer.
 *
 * @param token what BullMQ locked the job with
 * @param maxAttempts attempts after which BullMQ fails a job that is to be retried
 * @throws UnrecoverableError for a dead letter; `RetryError` for another attempt later; DelayedError and WaitingError for a
 *   job that went back and used no attempt
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
      throw new RetryError(`${outcome.reason.code} ${outcome.reason.text}`)
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

/** The job waits again, as if it had not been taken. */
async function handBack(job: Job, token: string | undefined): Promise<never> {
  await job.moveToWait(token)
  throw new WaitingError()
}

/** Lets a job come back with backoff whatever its count of attempts: a worker or its Redis broke, not the job. */
export const retryAfterFault = (job: Job): void => setBackoff(job, Number.POSITIVE_INFINITY)

// The worker decides on attempts and backoff; in each job's options they would cost memory.
function setBackoff(job: Job, maxAttempts: number): void {
  job.opts.attempts = maxAttempts
  job.opts.backoff = { type: OWN_BACKOFF }
}

/** Sends a job back to the queue; BullMQ counts an attempt. */
class RetryError extends Error {
  override readonly name = 'RetryError'
}

/** Whether an error is meant for BullMQ, and no fault. */
export const isForBullMq = (error: unknown): boolean =>
  error instanceof RetryError ||
  error instanceof UnrecoverableError ||
  error instanceof DelayedError ||
  error instanceof WaitingError

/** Whether the job is no longer in Redis: this process stood still for longer than its lock lived. */
export const isGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === ErrorCode.JobNotExist

/** Takes the stack from an error: BullMQ would store 2 kB of it for each job; the code and the reason say all. */
export function withoutStack(error: unknown): unknown {
  if (error instanceof Error) error.stack = ''
  return error
}
