/**
 * The producer: puts accounts into the queue, singly or as a stream.
 *
 * What belongs in `jobs/enqueue/`: batches, the wait for room in the queue, the count of accepted, duplicate and
 * rejected accounts. What does not: reading files (`cli/import/`) and withdrawing accounts (`jobs/settle/cancel.ts`).
 */

import { Redis } from 'ioredis'
import type { RedisConnection } from '../../redis/connection.ts'
import { DEFAULT_PREFIX } from '../../redis/keys.ts'
import { defaultDue } from '../job/due.ts'
import { randomJobId } from '../job/job-id.ts'
import type { ReceiptSeals } from '../receipts/keys/receipt-seals.ts'
import { EnqueuedCounter } from './count-enqueued.ts'
import { addBatch, type Enqueued, openTarget, sendBatch, type Target } from './enqueue-batch.ts'
import { type EnqueueOptions, type Entry, withoutUndefined } from './entry.ts'
import { makeNewJob } from './new-job.ts'
import { batchSizeFor, readBatches } from './read-batches.ts'
import type { TellingOptions } from './tell-accepted.ts'

export type { EnqueueOptions, Entry } from './entry.ts'

/** Options of a producer. */
export interface ProducerOptions {
  /** A URL, or a connection of your own, which you close yourself. */
  readonly redis: string | RedisConnection
  /** The fleet's `REDIS_PREFIX`. Default `{clear-friends}`. */
  readonly prefix?: string
  /** Days until a job is due whose entry names no due date. Default 30. */
  readonly dueDays?: number
  /** SDKAppID of the accounts. Workers of another app then leave them alone, and so does the producer in its fleet. */
  readonly app?: number | undefined
  /**
   * With them the log of receipts says how many accounts were accepted for each request, so that missing receipts show.
   * The producer's user of Redis then needs the right to write receipts. Default: it does not say so.
   */
  readonly seals?: ReceiptSeals | undefined
  /**
   * Called once, with the reason, when there are seals and the user of Redis lacks that right: accounts are enqueued all
   * the same. Default: `process.emitWarning`.
   */
  readonly onUntold?: ((why: string) => void) | undefined
}

/**
 * Sums of an import: `entries = accepted + duplicate + rejected`. `strengthened` counts those duplicates that changed the
 * job that is there.
 */
export interface Manifest {
  readonly entries: number
  readonly accepted: number
  readonly duplicate: number
  readonly strengthened: number
  readonly rejected: number
}

/** Options of {@link Producer.enqueueMany}. Account options given here hold for entries without their own. */
export interface EnqueueManyOptions extends EnqueueOptions {
  /** Called for each refused entry with its index from 0 and a reason that does not hold the account. */
  readonly onRejected?: (index: number, reason: string) => void
  /** Called after each batch with the sums so far; the producer sends the next batch when it has resolved. */
  readonly onProgress?: (manifest: Manifest) => unknown
  /**
   * Most live jobs in the queue: a batch waits until there is room for it. A whole number from 1. Default: any number.
   * Each further producer that enqueues many at the same time may exceed it by one batch of 1,000.
   */
  readonly maxBacklog?: number
  /** Called again and again while a batch waits for room, with the number of live jobs in the queue. */
  readonly onWaiting?: (liveJobs: number) => void
  /**
   * Lets a program that was killed send its entries again: each gives the same result as the first time. `key` is
   * random and the same each time. `firstIndex` is the index of the first entry given, counted over the whole import.
   */
  readonly repeatable?: { readonly key: string; readonly firstIndex: number }
  /** Stops before the next batch, or while one waits for room; enqueued jobs stay. */
  readonly signal?: AbortSignal
}

/**
 * Puts jobs into the queue. Safe to repeat: an account has at most one live job. A duplicate strengthens that job and
 * never weakens it: the earlier due date, two-way over one-way, and one request more.
 */
export interface Producer {
  /**
   * Enqueues one account.
   *
   * @throws {InvalidJobError} when the account or an option does not fit; nothing was enqueued
   * @throws {RedisUnavailableError} when Redis is away: at once, or within 5 seconds before the first connection
   * @throws {RedisTooOldError} when Redis is older than 6.2
   */
  enqueue(account: string, options?: EnqueueOptions): Promise<Enqueued>
  /**
   * Enqueues many accounts in batches, reading no further ahead than a batch. The producer sends a failed batch again
   * under the same job ids, so that no job is in the queue twice.
   *
   * @returns the sums; after the signal, of those entries that are in the queue or were refused
   * @throws {RedisUnavailableError} when Redis is away from the start
   * @throws {RedisTooOldError} when Redis is older than 6.2
   * @throws {EnqueueInterruptedError} when a batch failed for 30 seconds; says how many entries are done
   * @throws {InvalidJobError} when the account of an entry is the request id of the call; earlier batches are enqueued
   * @throws {RangeError} when `maxBacklog` is no whole number from 1
   */
  enqueueMany(entries: Iterable<Entry> | AsyncIterable<Entry>, options?: EnqueueManyOptions): Promise<Manifest>
  /** Closes the connections that the producer opened. */
  close(): Promise<void>
}

/**
 * Makes a producer. It connects at its first use.
 *
 * @example
 * const producer = createProducer({ redis: 'redis://127.0.0.1:6379' })
 * await producer.enqueue('user_4711', { request: 'ticket-12' })
 * await producer.close()
 */
export function createProducer(options: ProducerOptions): Producer {
  return new QueueProducer(options)
}

class QueueProducer implements Producer {
  readonly #connection: RedisConnection
  readonly #ownsConnection: boolean
  readonly #prefix: string
  readonly #dueDays: number
  readonly #app: number | undefined
  readonly #telling: TellingOptions
  readonly #counter: EnqueuedCounter
  #target: Promise<Target> | undefined

  constructor(options: ProducerOptions) {
    this.#ownsConnection = typeof options.redis === 'string'
    this.#connection = typeof options.redis === 'string' ? openOwn(options.redis) : options.redis
    this.#prefix = options.prefix ?? DEFAULT_PREFIX
    this.#dueDays = options.dueDays ?? 30
    this.#app = options.app
    this.#telling = options
    this.#counter = new EnqueuedCounter(this.#connection, this.#prefix)
  }

  async enqueue(account: string, options: EnqueueOptions = {}): Promise<Enqueued> {
    const job = makeNewJob(account, { due: this.#dueNow(), ...withoutUndefined(options) }, randomJobId(), this.#app)
    const target = await this.#open()
    const [enqueued] = await addBatch(target, [job])
    if (enqueued === undefined) throw new Error('BullMQ answered an enqueue without a job.')
    this.#counter.count({ [enqueued.result]: 1 })
    return enqueued
  }

  async enqueueMany(
    entries: Iterable<Entry> | AsyncIterable<Entry>,
    options: EnqueueManyOptions = {},
  ): Promise<Manifest> {
    const { maxBacklog, repeatable, signal, onRejected, onProgress, onWaiting } = options
    const size = batchSizeFor(maxBacklog)
    const target = await this.#open()
    // One due date for all, or the same account twice would ask for two different ones.
    const defaults = { due: this.#dueNow(), ...withoutUndefined(options) }
    let sums: Manifest = { entries: 0, accepted: 0, duplicate: 0, strengthened: 0, rejected: 0 }
    for await (const batch of readBatches(entries, { defaults, app: this.#app, size, repeatable, signal })) {
      const added = await sendBatch(target, batch.jobs, sums.entries, { maxBacklog, onWaiting, signal })
      if (added === undefined) break
      for (const { index, reason } of batch.refused) onRejected?.(index, reason)
      const before = sums
      sums = addUp(sums, added, batch.refused.length)
      this.#counter.countGrowth(before, sums)
      await onProgress?.(sums)
      // If this fails, Redis forgets the batch after 30 days.
      if (batch.size > 0) await target.forgetBatch(batch.jobIds).catch(() => {})
    }
    await this.#counter.done()
    return sums
  }

  async close(): Promise<void> {
    const target = await this.#target?.catch(() => undefined)
    await this.#counter.done()
    await target?.queue.close()
    if (this.#ownsConnection) this.#connection.disconnect()
  }

  #dueNow(): number {
    return defaultDue(Date.now() / 1000, this.#dueDays)
  }

  #open(): Promise<Target> {
    this.#target ??= openTarget(this.#connection, this.#prefix, this.#app, this.#telling).catch(error => {
      this.#target = undefined
      throw error
    })
    return this.#target
  }
}

function openOwn(url: string): Redis {
  const connection = new Redis(url, {
    // Connects when the queue is opened, which listens for access errors; an earlier one would be missed.
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    commandTimeout: 10_000,
    // Holds for refused connections too; the driver's default of 2 s would delay the end of the caller's program.
    disconnectTimeout: 200,
    retryStrategy: times => Math.min(50 * times, 1000),
  })
  // Commands report their own errors; an unheard `error` event would end the producer's process.
  connection.on('error', () => {})
  return connection
}

function addUp(before: Manifest, added: readonly Enqueued[], rejected: number): Manifest {
  const accepted = added.filter(({ result }) => result === 'accepted').length
  return {
    entries: before.entries + added.length + rejected,
    accepted: before.accepted + accepted,
    duplicate: before.duplicate + added.length - accepted,
    strengthened: before.strengthened + added.filter(each => each.result === 'duplicate' && each.strengthened).length,
    rejected: before.rejected + rejected,
  }
}
