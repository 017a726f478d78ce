/**
 * The pool: the jobs of a worker. The story of a job, as `#work` tells it:
 *
 * 1. The pool takes the next job when few wait for their permits (`hand.ts`): retried jobs first, then the earliest due.
 * 2. `processJob` makes one attempt at its account and returns an outcome (`attempt/process-job.ts`).
 * 3. `settle` writes receipt and counters, where the job ends with this outcome (`jobs/settle/settlement.ts`), together
 *    with other jobs that end (`ends-together.ts`).
 * 4. The recorder counts and logs the result; the guard halts the fleet where the outcome blames our own settings
 *    (`observe/recorder.ts`, `halt/queue-guard.ts`).
 * 5. `tellBullMq` lets BullMQ complete, fail, delay or return the job (`tell-bullmq.ts`).
 *
 * What belongs in `pool/`: everything that BullMQ must be told, and why. What does not: what an outcome means for an
 * account (`attempt/`) or for the fleet (`halt/`).
 */

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import { type BackendFactory, createRedisBackend, type Job, type RedisQueueBackend, type WorkerOptions } from 'bullmq'
import { accountIn } from '../../jobs/job/clear-friends-job.ts'
import type { JobNames } from '../../jobs/job/job-names.ts'
import type { ProgressOf } from '../../jobs/receipts/sealed-progress.ts'
import type { Settlement } from '../../jobs/settle/settlement.ts'
import { systemClock, systemTimers } from '../../limiter/clock.ts'
import { OncePerMinute } from '../../limiter/once-per-minute.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import { QUEUE_NAME } from '../../redis/keys.ts'
import { refusalOf } from '../../redis/redis-refusal.ts'
import type { JobInHand } from '../attempt/job-in-hand.ts'
import { type ProcessJobOptions, processJob } from '../attempt/process-job.ts'
import { type Attempted, afterSettle, type Processed } from '../attempt/processed.ts'
import type { Progress } from '../attempt/progress.ts'
import type { Gated } from '../halt/gate.ts'
import type { QueueGuard } from '../halt/queue-guard.ts'
import type { Logger } from '../observe/log.ts'
import type { Recorder } from '../observe/recorder.ts'
import type { Caller } from '../vendor/send-request.ts'
import { createCleanClient } from './clean-fetch.ts'
import { completeParents } from './complete-parents.ts'
import { EndsTogether } from './ends-together.ts'
import { Hand } from './hand.ts'
import { LOCK_MS, STALLED_CHECK_MS } from './lock-times.ts'
import { Locks } from './locks.ts'
import { ManualWorker } from './manual-worker.ts'
import { backoffAfter, isNotOurs, retryAfterFault, tellBullMq } from './tell-bullmq.ts'

/** Parts and limits of a pool. */
export interface PoolOptions {
  /** For BullMQ: its commands wait while Redis is away. The caller closes it. */
  readonly redis: RedisConnection
  readonly prefix: string
  /** Most jobs in hand at once. */
  readonly concurrency: number
  /** Parts that `processJob` needs. */
  readonly attempt: ProcessJobOptions
  /** Makes a progress that `openProgress` of an attempt knows again. */
  readonly sealProgress: (job: ProgressOf, progress: Progress) => Promise<Progress>
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
/** Half would only double the errors in the log; double would leave workers idle longer once Redis is mended. */
const AFTER_FAULT_MS = 1000
/** BullMQ answers so many fetches in a row at once with no job, where a rate limit of another tool holds the queue. */
const EMPTY_AT_MOST = 3
const AFTER_EMPTY_MS = 50
const AT_ONCE_MS = 5

/**
 * Takes jobs from the queue, has each attempted and settled, and tells BullMQ the result.
 *
 * Life: *running* → *draining* (takes no job; waits are given up, requests under way end) → *closed*. A running pool
 * whose gate is closed takes no job, and goes on with those in hand.
 */
export class Pool implements Gated {
  readonly #options: PoolOptions
  readonly #worker: ManualWorker
  readonly #locks: Locks
  readonly #hand: Hand
  readonly #ends = new EndsTogether(systemTimers)
  readonly #working = new Set<Promise<void>>()
  #backend: RedisQueueBackend | undefined
  #taking: Promise<void> = Promise.resolve()
  #draining = false
  readonly #oncePerMinute = new OncePerMinute(systemClock)
  readonly #report = (error: unknown): void => {
    this.#options.onSign?.()
    const words = refusalOf(error)?.said ?? (error instanceof Error ? error.message : '')
    if (this.#oncePerMinute.allows(words)) this.#options.log.warn({ err: error }, 'BullMQ reported an error')
  }

  constructor(options: PoolOptions) {
    this.#options = options
    const workerOptions: WorkerOptions = {
      connection: createCleanClient(options.redis, options.prefix),
      prefix: options.prefix,
      autorun: false,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: NEVER,
      removeOnComplete: { count: 0 },
      settings: { backoffStrategy: (attempts, _type, error) => backoffAfter(attempts ?? 1, error) },
    }
    const backend: BackendFactory<RedisQueueBackend> = (...made) => {
      this.#backend = completeParents(createRedisBackend(...made), options)
      return this.#backend
    }
    this.#worker = new ManualWorker(QUEUE_NAME, null, workerOptions, backend)
    this.#worker.on('error', this.#report)
    this.#locks = new Locks(this.#worker, this.#report)
    this.#hand = new Hand(options.concurrency, systemClock)
  }

  /** Number of jobs whose attempt has begun and not ended. */
  get jobsInHand(): number {
    return this.#hand.size
  }

  /** Starts to take jobs. */
  start(): void {
    this.#worker.startStalledCheckTimer().catch(this.#report)
    this.#locks.start()
    this.#taking = this.#takeJobs()
  }

  /** Takes no jobs until {@link openGate}; goes on with those in hand. */
  closeGate(): void {
    this.#hand.close()
  }

  /** Takes jobs again. */
  openGate(): void {
    this.#hand.open()
  }

  /** Takes no more jobs, gives up all waits, and resolves when the last job in hand has ended or gone back. */
  async drain(): Promise<void> {
    this.#draining = true
    this.#locks.abortAll()
    this.#ends.letGo()
    // A closed gate may hold up the loop, which must see that it is over.
    this.#hand.open()
    await this.#backend?.disconnectBlocking(true).catch(this.#report)
    await this.#taking
    // The end of one may have brought another along.
    while (this.#working.size > 0) await Promise.all(this.#working)
    this.#locks.stop()
    await this.#worker.close()
  }

  async #takeJobs(): Promise<void> {
    const name = randomUUID()
    let empty = 0
    for (let n = 0; ; n++) {
      await this.#hand.room()
      if (this.#draining) return
      const askedAt = systemClock.monotonicMs()
      const token = `${name}:${n}`
      const job = await this.#fetch(token)
      if (job !== undefined) this.#begin(job, token)
      const isEmpty = job === undefined && systemClock.monotonicMs() - askedAt < AT_ONCE_MS
      empty = isEmpty ? empty + 1 : 0
      if (empty > EMPTY_AT_MOST) await sleep(AFTER_EMPTY_MS)
    }
  }

  /** Takes the next job, or nothing after some seconds without one. */
  async #fetch(token: string): Promise<Job | undefined> {
    try {
      return await this.#worker.getNextJob(token)
    } catch (error) {
      this.#report(error)
      if (!this.#draining) await sleep(AFTER_FAULT_MS)
      return undefined
    }
  }

  #begin(job: Job, token: string): void {
    const working = this.#work(job, token).finally(() => this.#working.delete(working))
    this.#working.add(working)
  }

  async #work(job: Job, token: string): Promise<void> {
    const inHand = toJobInHand(job, this.#options.jobNames)
    const place = this.#hand.take()
    const signal = this.#locks.keep(inHand.id, token)
    // It was fetched while the drain began.
    if (this.#draining) this.#locks.abortAll()
    const caller = { signal, rank: job.priority, onInLine: place.inLine, onSent: place.left }
    try {
      const processed = await this.#attempt(job, inHand, caller)
      const { maxAttempts } = this.#options.attempt
      const takeNext = !this.#draining && place.reserveNext()
      const keepProgress = (progress: Progress) => this.#keepProgress(job, progress)
      const tell = (): Promise<unknown> => tellBullMq(job, token, processed, { maxAttempts, takeNext, keepProgress })
      const answer = await (processed.job === 'went_back' ? tell() : this.#untilTold(inHand, tell))
      const next = await this.#worker.broughtAlong(answer, token)
      if (next !== undefined) this.#begin(next, token)
    } catch (error) {
      await this.#afterFault(job, token, inHand, error)
    } finally {
      this.#locks.drop(inHand.id)
      place.end()
      this.#options.onSign?.()
    }
  }

  async #attempt(job: Job, inHand: JobInHand, caller: Caller): Promise<Processed> {
    const { attempt, recorder } = this.#options
    const attempted = await recorder.watch(inHand, () => processJob(inHand, attempt, caller))
    const processed = attempted.job === 'ends' ? await this.#settle(job, inHand, attempted) : attempted
    recorder.record(inHand, processed)
    await this.#protectQueue(inHand, processed)
    return processed
  }

  async #settle(job: Job, inHand: JobInHand, attempted: Attempted & { job: 'ends' }): Promise<Processed> {
    try {
      await this.#ends.join(this.#draining || this.#hand.isFull)
      const result = await this.#options.settlement.settle(inHand.id, attempted.record, attempted.wish)
      return afterSettle(attempted, result)
    } catch (error) {
      // The next attempt must know what this one has done. It repeats the calls where this cannot be stored either.
      await this.#keepProgress(job, attempted.progress).catch(() => {})
      throw error
    }
  }

  async #keepProgress(job: Job, progress: Progress): Promise<void> {
    const owner = { jobId: job.id ?? '', account: accountIn(job.data) ?? '' }
    await job.updateProgress(await this.#options.sealProgress(owner, progress))
  }

  async #protectQueue(inHand: JobInHand, processed: Processed): Promise<void> {
    try {
      await this.#options.guard.protect(processed)
    } catch (error) {
      // BullMQ must still get its answer, since the job may be settled. The next answer of this kind halts the fleet.
      this.#options.log.error({ err: error, jobId: inHand.name }, 'the fleet could not be halted')
    }
  }

  /** Tells BullMQ until it is told. While the process drains once must do: the job's lock runs out and it is found. */
  async #untilTold(inHand: JobInHand, tell: () => Promise<unknown>): Promise<unknown> {
    for (;;) {
      try {
        return await tell()
      } catch (error) {
        if (isNotOurs(error)) return this.#leaveToOthers(inHand)
        this.#report(error)
        if (this.#draining) return undefined
        await sleep(AFTER_FAULT_MS)
      }
    }
  }

  /** Keeps the job in the queue after a fault of this program or of Redis. */
  async #afterFault(job: Job, token: string, inHand: JobInHand, error: unknown): Promise<void> {
    if (isNotOurs(error)) return this.#leaveToOthers(inHand)
    this.#options.log.error({ err: error, jobId: inHand.name }, 'an attempt broke')
    await this.#untilTold(inHand, () => retryAfterFault(job, token, error))
  }

  #leaveToOthers({ name }: JobInHand): void {
    this.#options.log.warn({ jobId: name }, 'the job is no longer ours: another worker has taken it, or has ended it')
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
