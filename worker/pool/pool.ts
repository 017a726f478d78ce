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
import { accountIn } from '../../jobs/job/clear-friends-job.ts'
import type { JobNames } from '../../jobs/job/job-names.ts'
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
import { createCleanClient } from './clean-fetch.ts'
import { completeParents } from './complete-parents.ts'
import { fetchWithPause } from './fetch-with-pause.ts'
import { LOCK_MS, STALLED_CHECK_MS } from './lock-times.ts'
import { backoffAfter, isForBullMq, isGone, retryAfterFault, tellBullMq, withoutStack } from './tell-bullmq.ts'

/** Parts and limits of a pool. */
export interface PoolOptions {
  /** For BullMQ: its commands wait while Redis is away. The caller closes it. */
  readonly redis: RedisConnection
  readonly prefix: string
  /** Most jobs in hand at once. */
  readonly concurrency: number
  /** Parts that `processJob` needs. */
  readonly attempt: ProcessJobOptions
  readonly settlement: Pick<Settlement, 'settle'>
  readonly recorder: Pick<Recorder, 'watch' | 'record'>
  readonly guard: Pick<QueueGuard, 'protect'>
  /** Called at each end of an attempt and each fault, since the pool does not hang then. */
  readonly onSign?: () => void
  readonly jobNames: JobNames
  readonly log: Logger
}

/** Crashes after which BullMQ fails a job by itself, without a settle: in effect never. `process-job` counts them. */
const NEVER = 1_000_000

/**
 * Takes jobs from the queue, has each attempted and settled, and tells BullMQ the result.
 *
 * Life: *running* → *draining* (takes no job; waits are given up, requests under way end) → *closed*. A running pool
 * whose gate is closed takes no job, and goes on with those in hand.
 */
export class Pool implements Gated {
  readonly #options: PoolOptions
  readonly #worker: Worker
  #draining = false
  #jobsInHand = 0
  readonly #oncePerMinute = new OncePerMinute(systemClock)
  readonly #report = (error: unknown): void => {
    this.#options.onSign?.()
    const words = refusalOf(error)?.said ?? (error instanceof Error ? error.message : '')
    if (this.#oncePerMinute.allows(words)) this.#options.log.warn({ err: error }, 'BullMQ reported an error')
  }

  constructor(options: PoolOptions) {
    this.#options = options
    // Exactly three plain parameters: BullMQ counts them, and makes a cancel signal only for a third one.
    const work = (job: Job, token: string | undefined, signal: AbortSignal | undefined): Promise<void> =>
      this.#work(job, token, signal ?? new AbortController().signal)
    const workerOptions: WorkerOptions = {
      connection: createCleanClient(options.redis, options.prefix),
      prefix: options.prefix,
      autorun: false,
      concurrency: options.concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: NEVER,
      removeOnComplete: { count: 0 },
      settings: { backoffStrategy: (attempts, _type, error) => backoffAfter(attempts ?? 1, error) },
    }
    const backend: BackendFactory<RedisQueueBackend> = (...made) =>
      completeParents(fetchWithPause(createRedisBackend(...made)), options)
    this.#worker = new Worker(QUEUE_NAME, work, workerOptions, backend)
    this.#worker.on('error', this.#report)
    this.#worker.on('lockRenewalFailed', jobIds => {
      for (const jobId of jobIds) this.#worker.cancelJob(jobId)
    })
  }

  /** Number of jobs whose attempt has begun and not ended. */
  get jobsInHand(): number {
    return this.#jobsInHand
  }

  /** Starts to take jobs. */
  start(): void {
    this.#worker.run().catch(error => this.#options.log.error({ err: error }, 'the pool stopped'))
  }

  /** Takes no jobs until {@link openGate}; goes on with those in hand. */
  closeGate(): void {
    this.#worker.pause(true).catch(this.#report)
  }

  /** Takes jobs again. */
  openGate(): void {
    this.#worker.resume().catch(this.#report)
  }

  /** Takes no more jobs, gives up all waits, and resolves when the last job in hand has ended or gone back. */
  async drain(): Promise<void> {
    const closed = this.#worker.close()
    this.#draining = true
    this.#worker.cancelAllJobs()
    await closed
  }

  async #work(job: Job, token: string | undefined, signal: AbortSignal): Promise<void> {
    const { attempt, recorder } = this.#options
    const inHand = toJobInHand(job, this.#options.jobNames)
    // BullMQ's cancel signal serves for the drain too. BullMQ may hand in a job that it fetched before the drain began.
    if (this.#draining) this.#worker.cancelJob(inHand.id)
    this.#jobsInHand += 1
    try {
      const attempted = await recorder.watch(inHand, () => processJob(inHand, attempt, signal))
      const processed = attempted.job === 'ends' ? await this.#settle(job, inHand, attempted) : attempted
      recorder.record(inHand, processed)
      await this.#protectQueue(inHand, processed)
      await tellBullMq(job, token, processed, attempt.maxAttempts)
    } catch (error) {
      throw withoutStack(this.#afterError(job, inHand.name, error))
    } finally {
      this.#jobsInHand -= 1
      this.#options.onSign?.()
    }
  }

  async #settle(job: Job, inHand: JobInHand, attempted: Attempted & { job: 'ends' }): Promise<Processed> {
    try {
      const result = await this.#options.settlement.settle(inHand.id, attempted.record, attempted.wish)
      return afterSettle(inHand, attempted, result)
    } catch (error) {
      // The next attempt must know what this one has done. It repeats the calls where this cannot be stored either.
      await job.updateProgress(attempted.progress).catch(() => {})
      throw error
    }
  }

  async #protectQueue(inHand: JobInHand, processed: Processed): Promise<void> {
    try {
      await this.#options.guard.protect(processed)
    } catch (error) {
      // BullMQ must still get its answer, since the job may be settled. The next answer of this kind halts the fleet.
      this.#options.log.error({ err: error, jobId: inHand.name }, 'the fleet could not be halted')
    }
  }

  /** Keeps the job in the queue after a fault. Errors that are meant for BullMQ pass as they are. */
  #afterError(job: Job, jobId: string, error: unknown): unknown {
    const { log } = this.#options
    if (isForBullMq(error)) return error
    if (isGone(error)) {
      log.warn({ jobId }, 'the job is no longer in Redis: another worker has ended it')
      return error
    }
    log.error({ err: error, jobId }, 'an attempt broke')
    retryAfterFault(job)
    return error
  }
}

const toJobInHand = (job: Job, { nameOf }: JobNames): JobInHand => ({
  id: job.id ?? '',
  name: nameOf(job.id ?? '', accountIn(job.data)),
  data: job.data,
  progress: job.progress,
  attemptsMade: job.attemptsMade,
  traceContext: job.opts.telemetry?.metadata,
  timesStalled: job.stalledCounter,
  enqueuedAt: job.timestamp,
})
