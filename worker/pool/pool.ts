/**
 * The pool: the slots of a worker. The story of a job, as `#work` tells it:
 *
 * 1. BullMQ locks the next job and hands it to a free slot: retried jobs first, then the earliest due (this file).
 * 2. `processJob` makes one attempt at its account and returns an outcome (`attempt/process-job.ts`).
 * 3. `settle` writes receipt and counters, where the job ends with this outcome (`jobs/settle/settlement.ts`).
 * 4. The recorder counts and logs the result; the guard halts the fleet where the outcome blames our own settings
 *    (`observe/recorder.ts`, `halt/queue-guard.ts`).
 * 5. `tellBullMq` lets BullMQ complete, fail, delay or return the job (`tell-bullmq.ts`).
 *
 * What belongs in `pool/`: everything that BullMQ must be told, and why. What does not: what an outcome means for an
 * account (`attempt/`) or for the fleet (`halt/`).
 */

import {
  type BackendFactory,
  createRedisBackend,
  type Job,
  type RedisQueueBackend,
  Worker,
  type WorkerOptions,
} from 'bullmq'
import type { Settlement } from '../../jobs/settle/settlement.ts'
import { systemClock } from '../../limiter/clock.ts'
import { OncePerMinute } from '../../limiter/once-per-minute.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import { QUEUE_NAME } from '../../redis/keys.ts'
import { refusalOf } from '../../redis/redis-refusal.ts'
import type { JobInHand } from '../attempt/job-in-hand.ts'
import { type ProcessJobOptions, processJob } from '../attempt/process-job.ts'
import { type Attempted, afterSettle, type Processed } from '../attempt/processed.ts'
import type { Gated } from '../halt/gate.ts'
import type { QueueGuard } from '../halt/queue-guard.ts'
import type { Logger } from '../observe/log.ts'
import type { Recorder } from '../observe/recorder.ts'
import { fullJitterMs } from '../vendor/backoff.ts'
import { ATTEMPT_BACKOFF } from '../vendor/retry-policy.ts'
import { fetchWithPause } from './fetch-with-pause.ts'
import { isForBullMq, isGone, retryAfterFault, tellBullMq, withoutStack } from './tell-bullmq.ts'

/** What a pool is made from. */
export interface PoolOptions {
  /** For BullMQ: commands wait while Redis is away. Stays the caller's. */
  readonly redis: RedisConnection
  readonly prefix: string
  /** Most jobs in hand at once. */
  readonly concurrency: number
  /** What an attempt at a job takes. */
  readonly attempt: ProcessJobOptions
  readonly settlement: Pick<Settlement, 'settle'>
  readonly recorder: Pick<Recorder, 'watch' | 'record'>
  readonly guard: Pick<QueueGuard, 'protect'>
  readonly log: Logger
}

/** A lock survives an outage of Redis of this length without the job running twice (measured). */
const LOCK_MS = 30_000
/** With the lock this bounds a crash's delay: a job runs again 45 s after kill -9 at the latest. */
const STALLED_CHECK_MS = 15_000
/** BullMQ would fail a job behind our back after so many crashes, without a settle. `process-job` counts them itself. */
const NEVER = 1_000_000

/**
 * Takes jobs from the queue, lets each be worked on and settled, and tells BullMQ what became of it.
 *
 * Life: *running* → `drain` (takes nothing more; waits are given up, requests under way end) → *closed*. While its gate is
 * closed a running pool takes no jobs; those in hand go on.
 */
export class Pool implements Gated {
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
    const { attempt, recorder } = this.#options
    const inHand = toJobInHand(job)
    // BullMQ's cancel signal serves for shutdown as well. A job that was on its way here when the drain began has it too.
    if (this.#draining) this.#worker.cancelJob(inHand.id)
    try {
      const attempted = await recorder.watch(inHand, () => processJob(inHand, attempt, signal))
      const processed = attempted.job === 'ends' ? await this.#settle(job, inHand, attempted) : attempted
      recorder.record(inHand, processed)
      await this.#protectQueue(inHand, processed)
      await tellBullMq(job, token, processed, attempt.maxAttempts)
    } catch (error) {
      throw withoutStack(this.#afterError(job, error))
    }
  }

  async #settle(job: Job, inHand: JobInHand, attempted: Attempted & { job: 'ends' }): Promise<Processed> {
    try {
      const result = await this.#options.settlement.settle(inHand.id, attempted.record)
      return afterSettle(inHand, attempted, result)
    } catch (error) {
      // The next attempt must know what this one has done. Where that cannot be stored either, it does too much.
      await job.updateProgress(attempted.progress).catch(() => {})
      throw error
    }
  }

  async #protectQueue(inHand: JobInHand, processed: Processed): Promise<void> {
    try {
      await this.#options.guard.protect(processed)
    } catch (error) {
      // The job may be settled already, and BullMQ must get its answer. The next answer of this kind tries again.
      this.#options.log.error({ err: error, jobId: inHand.id }, 'the fleet could not be halted')
    }
  }

  /** Whatever broke, the job stays in the queue, unless BullMQ asked for the error. */
  #afterError(job: Job, error: unknown): unknown {
    const { log } = this.#options
    if (isForBullMq(error)) return error
    if (isGone(error)) {
      log.warn({ jobId: job.id }, 'the job is no longer in Redis: another worker has ended it')
      return error
    }
    log.error({ err: error, jobId: job.id }, 'an attempt broke')
    retryAfterFault(job)
    return error
  }
}

const toJobInHand = (job: Job): JobInHand => ({
  id: job.id ?? '',
  data: job.data,
  progress: job.progress,
  attemptsMade: job.attemptsMade,
  timesStarted: job.attemptsStarted,
  traceContext: job.opts.telemetry?.metadata,
  timesStalled: job.stalledCounter,
  enqueuedAt: job.timestamp,
})
