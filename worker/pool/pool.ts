import {
  type BackendFactory,
  createRedisBackend,
  DelayedError,
  ErrorCode,
  type Job,
  type RedisQueueBackend,
  UnrecoverableError,
  WaitingError,
  Worker,
  type WorkerOptions,
} from 'bullmq'
import { RETRY_PRIORITY } from '../../jobs/job/due.ts'
import type { FinalRecord } from '../../jobs/receipts/receipt-content.ts'
import type { Settlement } from '../../jobs/settle/settlement.ts'
import { systemClock } from '../../limiter/clock.ts'
import { OncePerMinute } from '../../limiter/once-per-minute.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import { QUEUE_NAME } from '../../redis/keys.ts'
import { refusalOf } from '../../redis/redis-refusal.ts'
import { afterSettle, type JobInHand, type Processed } from '../attempt/process-job.ts'
import type { Logger } from '../observe/log.ts'
import { fullJitterMs } from '../vendor/backoff.ts'
import { ATTEMPT_BACKOFF } from '../vendor/retry-policy.ts'
import { fetchWithPause } from './fetch-with-pause.ts'

/** What a pool is made from. */
export interface PoolOptions {
  /** For BullMQ: commands wait while Redis is away. Stays the caller's. */
  readonly redis: RedisConnection
  readonly prefix: string
  readonly concurrency: number
  readonly maxAttempts: number
  readonly process: (job: JobInHand, signal: AbortSignal) => Promise<Processed>
  readonly settlement: Pick<Settlement, 'settle'>
  /** Told of each attempt that ended, before BullMQ is. */
  readonly onProcessed: (job: JobInHand, processed: Processed) => Promise<void>
  readonly log: Logger
}

/** A lock survives an outage of Redis of this length without the job running twice (measured). */
const LOCK_MS = 30_000
/** With the lock this bounds a crash's delay: a job runs again 45 s after kill -9 at the latest. */
const STALLED_CHECK_MS = 15_000
/** BullMQ would fail a job behind our back after so many crashes, without a settle. `process-job` counts them itself. */
const NEVER = 1_000_000
/** Any name BullMQ does not know sends it to our own strategy. */
const OWN_BACKOFF = 'full-jitter'

/**
 * Takes jobs from the queue and turns outcomes into what BullMQ wants to see. The only place that throws to steer.
 *
 * Life: *running* → `drain` (takes nothing more; waits are given up, requests under way end) → *closed*.
 */
export class Pool {
  readonly #options: PoolOptions
  readonly #worker: Worker
  #draining = false
  readonly #oncePerMinute = new OncePerMinute(systemClock)
  readonly #report = (error: unknown): void => {
    const words = refusalOf(error)?.said ?? (error instanceof Error ? error.message : '')
    if (this.#oncePerMinute.allows(words)) this.#options.log.warn({ err: error }, 'BullMQ reported an error')
  }

  constructor(options: PoolOptions) {
    this.#options = options
    // Exactly three plain parameters: BullMQ makes a cancel signal only for a processor that takes it.
    const work = (job: Job, token: string | undefined, signal: AbortSignal | undefined): Promise<void> =>
      this.#work(job, token, signal ?? new AbortController().signal)
    const workerOptions: WorkerOptions = {
      connection: options.redis,
      prefix: options.prefix,
      autorun: false,
      concurrency: options.concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: NEVER,
      removeOnComplete: { count: 0 },
      settings: { backoffStrategy: attempts => fullJitterMs(attempts ?? 1, ATTEMPT_BACKOFF) },
    }
    const backend: BackendFactory<RedisQueueBackend> = (...made) => fetchWithPause(createRedisBackend(...made))
    this.#worker = new Worker(QUEUE_NAME, work, workerOptions, backend)
    this.#worker.on('error', this.#report)
    this.#worker.on('lockRenewalFailed', jobIds => {
      for (const jobId of jobIds) this.#worker.cancelJob(jobId)
    })
  }

  /** Starts to take jobs. */
  start(): void {
    this.#worker.run().catch(error => this.#options.log.error({ err: error }, 'the pool stopped'))
  }

  /** Takes no jobs until {@link openGate}; those in hand go on. */
  closeGate(): void {
    this.#worker.pause(true).catch(this.#report)
  }

  /** Takes jobs again. */
  openGate(): void {
    this.#worker.resume().catch(this.#report)
  }

  /** Takes nothing more, gives up all waits, and resolves when the last job in hand is done or handed back. */
  async drain(): Promise<void> {
    const closed = this.#worker.close()
    this.#draining = true
    this.#worker.cancelAllJobs()
    await closed
  }

  async #work(job: Job, token: string | undefined, signal: AbortSignal): Promise<void> {
    const inHand = {
      id: job.id ?? '',
      data: job.data,
      progress: job.progress,
      attemptsMade: job.attemptsMade,
      timesStarted: job.attemptsStarted,
      traceContext: job.opts.telemetry?.metadata,
      timesStalled: job.stalledCounter,
      enqueuedAt: job.timestamp,
    }
    // BullMQ's own signal serves both for a lost lock and for the end of the process: one made of two of them would cost
    // more than all the rest of a job's bookkeeping. A job that was on its way here when the process began to end has it too.
    if (this.#draining) this.#worker.cancelJob(inHand.id)
    try {
      const attempted = await this.#options.process(inHand, signal)
      const { end } = attempted
      const processed = end === undefined ? attempted : await this.#settle(job, inHand, attempted, end)
      await this.#tell(inHand, processed)
      await this.#tellBullMq(job, token, processed)
    } catch (error) {
      if (isGone(error)) {
        this.#options.log.warn({ jobId: job.id }, 'the job is no longer in Redis: another worker has ended it')
      } else if (!isForBullMq(error)) {
        this.#retryAfterFault(job, error)
      }
      throw withoutStack(error)
    }
  }

  async #settle(job: Job, inHand: JobInHand, attempted: Processed, end: FinalRecord): Promise<Processed> {
    try {
      return afterSettle(inHand, attempted, await this.#options.settlement.settle(inHand.id, end))
    } catch (error) {
      // The next attempt must know what this one has done. Where that cannot be said either, it does too much.
      await job.updateProgress(attempted.progress).catch(() => {})
      throw error
    }
  }

  /** What follows from an attempt may fail; BullMQ must get its answer all the same. */
  async #tell(inHand: JobInHand, processed: Processed): Promise<void> {
    try {
      await this.#options.onProcessed(inHand, processed)
    } catch (error) {
      this.#options.log.error({ err: error, jobId: inHand.id }, 'what follows from an attempt could not be done')
    }
  }

  /** What broke is this worker or its Redis, not the job: it stays in the queue whatever its count of attempts. */
  #retryAfterFault(job: Job, error: unknown): void {
    this.#options.log.error({ err: error, jobId: job.id }, 'an attempt broke')
    this.#retryWithBackoff(job, Number.POSITIVE_INFINITY)
  }

  // Attempts and backoff are the worker's to decide; in each job's options they would cost memory.
  #retryWithBackoff(job: Job, maxAttempts: number): void {
    job.opts.attempts = maxAttempts
    job.opts.backoff = { type: OWN_BACKOFF }
  }

  async #tellBullMq(job: Job, token: string | undefined, { outcome, progress }: Processed): Promise<void> {
    switch (outcome.kind) {
      case 'cleared':
      case 'not_imported':
      case 'cancelled':
        return
      case 'dead':
        throw new UnrecoverableError(`${outcome.reason.code} ${outcome.reason.text}`)
      case 'retry':
        await Promise.all([job.changePriority({ priority: RETRY_PRIORITY }), job.updateProgress(progress)])
        this.#retryWithBackoff(job, this.#options.maxAttempts)
        throw new RetryError(`${outcome.reason.code} ${outcome.reason.text}`)
      case 'snooze':
        if (progress.calls > 0) await job.updateProgress(progress)
        if (outcome.waitMs > 0) {
          await job.moveToDelayed(Date.now() + outcome.waitMs, token)
          throw new DelayedError()
        }
        await job.moveToWait(token)
        throw new WaitingError()
      case 'stop':
        if (progress.calls > 0) await job.updateProgress(progress)
        await job.moveToWait(token)
        throw new WaitingError()
      default:
        outcome satisfies never
    }
  }
}

/** Sends a job back to the queue; BullMQ counts an attempt. */
class RetryError extends Error {
  override readonly name = 'RetryError'
}

const isForBullMq = (error: unknown): boolean =>
  error instanceof RetryError ||
  error instanceof UnrecoverableError ||
  error instanceof DelayedError ||
  error instanceof WaitingError

/** This process stood still for longer than its lock lived. */
const isGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === ErrorCode.JobNotExist

/** BullMQ stores the stack of each failure, 2 kB a job; the code and the reason say all. */
function withoutStack(error: unknown): unknown {
  if (error instanceof Error) error.stack = ''
  return error
}
