import { randomBytes, randomInt } from 'node:crypto'
import { Redis } from 'ioredis'
import { type DeleteType, type JobData, makeJobData } from './clear-friends-job.ts'
import { defaultDue, priorityOfDue } from './due.ts'
import { EnqueueInterruptedError, InvalidJobError } from './errors.ts'
import { DEFAULT_PREFIX, JOB_NAME } from './keys.ts'
import { type ClearFriendsQueue, openQueue, type RedisConnection, unavailable } from './queue.ts'

/** What a producer is made from. */
export interface ProducerOptions {
  /** A URL, or a connection of yours, which stays open then. */
  readonly redis: string | RedisConnection
  /** The fleet's `REDIS_PREFIX`. Default `{clear-friends}`. */
  readonly prefix?: string
  /** Days until a job is due that says nothing else. Default 30. */
  readonly dueDays?: number
}

/** What may be said about an account besides its id. */
export interface EnqueueOptions {
  /** Default `both`: the account also goes from the lists of its friends, where its id would stay otherwise. */
  readonly deleteType?: DeleteType
  /** Epoch seconds. Default: `dueDays` from now. */
  readonly due?: number
  /** Groups the accounts of one erasure request. Not a user id. */
  readonly request?: string
}

/** One entry of {@link Producer.enqueueMany}: an account, with or without options of its own. */
export type Entry = string | ({ readonly account: string } & EnqueueOptions)

/** `accepted`: the job is new. `duplicate`: there is a live job of this account already, whose id is given. */
export interface Enqueued {
  readonly result: 'accepted' | 'duplicate'
  readonly jobId: string
}

/** Sums of an import: `entries = accepted + duplicate + rejected`. */
export interface Manifest {
  readonly entries: number
  readonly accepted: number
  readonly duplicate: number
  readonly rejected: number
}

/** Options of {@link Producer.enqueueMany}; those of the accounts hold for entries that say nothing else. */
export interface EnqueueManyOptions extends EnqueueOptions {
  /** Called for each refused entry with its index from 0 and a reason that does not hold the account. */
  readonly onRejected?: (index: number, reason: string) => void
  /** Called after each batch with the sums so far. */
  readonly onProgress?: (manifest: Manifest) => void
  /** Stops before the next batch; what was enqueued stays. */
  readonly signal?: AbortSignal
}

/** Puts jobs into the queue. Safe to repeat: at most one live job an account exists. */
export interface Producer {
  /**
   * Enqueues one account.
   *
   * @throws {InvalidJobError} when the account or an option does not fit; nothing was enqueued
   * @throws {RedisUnavailableError} when Redis is away: at once, or within 5 seconds as long as there was no connection
   * @throws {RedisTooOldError} when Redis is older than 6.2
   */
  enqueue(account: string, options?: EnqueueOptions): Promise<Enqueued>
  /**
   * Enqueues many accounts in batches, reading no further ahead than a batch. A batch that failed is sent again under
   * the same job ids, so that nothing is there twice.
   *
   * @throws {RedisUnavailableError} when Redis is away from the start
   * @throws {RedisTooOldError} when Redis is older than 6.2
   * @throws {EnqueueInterruptedError} when a batch failed for 30 seconds; says how far it came
   */
  enqueueMany(entries: Iterable<Entry> | AsyncIterable<Entry>, options?: EnqueueManyOptions): Promise<Manifest>
  /** Closes what the producer opened. */
  close(): Promise<void>
}

/**
 * The size of a batch. 1,000 is the knee: twice as many gain 5 %, and 5,000 hold up other clients of Redis for 120 ms.
 */
const BATCH_SIZE = 1000
const RESEND_FOR_MS = 30_000
const RESEND_AFTER_MS = 250

/**
 * Makes a producer. Connects when it is first used.
 *
 * @example
 * const producer = createProducer({ redis: 'redis://127.0.0.1:6379' })
 * await producer.enqueue('user_4711', { request: 'ticket-12' })
 * await producer.close()
 */
export function createProducer(options: ProducerOptions): Producer {
  return new QueueProducer(options)
}

interface NewJob {
  name: string
  data: JobData
  opts: { jobId: string; deduplication: { id: string }; priority: number }
}

class QueueProducer implements Producer {
  readonly #connection: RedisConnection
  readonly #ownsConnection: boolean
  readonly #prefix: string
  readonly #dueDays: number
  #queue: Promise<ClearFriendsQueue> | undefined

  constructor(options: ProducerOptions) {
    this.#ownsConnection = typeof options.redis === 'string'
    this.#connection = typeof options.redis === 'string' ? openOwn(options.redis) : options.redis
    this.#prefix = options.prefix ?? DEFAULT_PREFIX
    this.#dueDays = options.dueDays ?? 30
  }

  async enqueue(account: string, options: EnqueueOptions = {}): Promise<Enqueued> {
    const job = this.#makeJob(account, options)
    const queue = await this.#open()
    const [enqueued] = await addBatch(queue, [job])
    if (enqueued === undefined) throw new Error('BullMQ answered an enqueue without a job.')
    return enqueued
  }

  async enqueueMany(
    entries: Iterable<Entry> | AsyncIterable<Entry>,
    options: EnqueueManyOptions = {},
  ): Promise<Manifest> {
    const queue = await this.#open()
    const sums = { entries: 0, accepted: 0, duplicate: 0, rejected: 0 }
    let batch: NewJob[] = []
    let entriesDone = 0
    const flush = async (): Promise<void> => {
      const added = await addBatchAgain(queue, shuffle(batch), entriesDone, options.signal)
      for (const { result } of added) sums[result] += 1
      batch = []
      entriesDone = sums.entries
      options.onProgress?.({ ...sums })
    }
    for await (const entry of entries) {
      // Whatever else a caller without types may give is refused as an account.
      const { account, ...own } = typeof entry === 'object' && entry !== null ? entry : { account: entry }
      const index = sums.entries++
      try {
        batch.push(this.#makeJob(account, { ...options, ...own }))
      } catch (error) {
        if (!(error instanceof InvalidJobError)) throw error
        sums.rejected += 1
        options.onRejected?.(index, error.message)
      }
      if (batch.length >= BATCH_SIZE) await flush()
      if (options.signal?.aborted) break
    }
    if (batch.length > 0) await flush()
    return sums
  }

  async close(): Promise<void> {
    const queue = await this.#queue?.catch(() => undefined)
    await queue?.close()
    if (this.#ownsConnection) this.#connection.disconnect()
  }

  #makeJob(account: string, options: EnqueueOptions): NewJob {
    const due = options.due ?? defaultDue(Date.now() / 1000, this.#dueDays)
    const data = makeJobData({ account, deleteType: options.deleteType ?? 'both', request: options.request, due })
    return {
      name: JOB_NAME,
      data,
      opts: { jobId: randomJobId(), deduplication: { id: account }, priority: priorityOfDue(due) },
    }
  }

  #open(): Promise<ClearFriendsQueue> {
    this.#queue ??= openQueue(this.#connection, this.#prefix).catch(error => {
      this.#queue = undefined
      throw error
    })
    return this.#queue
  }
}

/**
 * Eleven characters hold 66 bits: among a million live jobs two are the same once in a hundred million imports. A twelfth
 * would push the job's hash into the next size of Redis' allocator, 32 bytes a job.
 */
const JOB_ID_LENGTH = 11

function randomJobId(): string {
  const id = randomBytes(9).toString('base64url').slice(0, JOB_ID_LENGTH)
  // BullMQ keeps whole numbers for ids of its own.
  return /^\d+$/.test(id) ? randomJobId() : id
}

function openOwn(url: string): Redis {
  const connection = new Redis(url, {
    // The queue is opened while somebody listens: an access error before that would be missed.
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    commandTimeout: 10_000,
    // For a connection that was refused, too; the driver's two seconds would hold up the end of the caller's program.
    disconnectTimeout: 200,
    retryStrategy: times => Math.min(50 * times, 1000),
  })
  // Commands report their own errors; an unheard `error` event would end the producer's process.
  connection.on('error', () => {})
  return connection
}

async function addBatch(queue: ClearFriendsQueue, jobs: readonly NewJob[]): Promise<Enqueued[]> {
  try {
    const added = await queue.addBulk([...jobs])
    return added.map((job, index) => ({
      result: job.id === jobs[index]?.opts.jobId ? 'accepted' : 'duplicate',
      jobId: job.id ?? '',
    }))
  } catch (error) {
    throw unavailable(error)
  }
}

/**
 * Puts a batch into random order. Friends tend to stand side by side in a list, and clearing two of them at the same
 * moment makes the vendor refuse one (30008); a thousand places apart they are cleared seconds apart.
 */
function shuffle<T>(batch: readonly T[]): T[] {
  const shuffled = [...batch]
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = randomInt(last + 1)
    const moved = shuffled[last] as T
    shuffled[last] = shuffled[other] as T
    shuffled[other] = moved
  }
  return shuffled
}

/** Sends a batch until it went through. The same job ids make the jobs that did arrive answer as accepted, once. */
async function addBatchAgain(
  queue: ClearFriendsQueue,
  jobs: readonly NewJob[],
  entriesDone: number,
  signal: AbortSignal | undefined,
): Promise<Enqueued[]> {
  const giveUpAt = performance.now() + RESEND_FOR_MS
  for (;;) {
    try {
      return await addBatch(queue, jobs)
    } catch (error) {
      if (performance.now() > giveUpAt || signal?.aborted) {
        throw new EnqueueInterruptedError(
          `Enqueueing stopped after ${entriesDone} entries: ${error instanceof Error ? error.message : String(error)}`,
          entriesDone,
          error,
        )
      }
      await new Promise(resolve => setTimeout(resolve, RESEND_AFTER_MS))
    }
  }
}
