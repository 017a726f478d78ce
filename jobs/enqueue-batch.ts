import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { JobData } from './clear-friends-job.ts'
import { EnqueueInterruptedError } from './errors.ts'
import { ledgerKeys, ledgerLua } from './ledger.ts'
import { type ClearFriendsQueue, openQueue, type RedisConnection, unavailable } from './queue.ts'
import { createRedisScript } from './redis-script.ts'
import { traceSend } from './tracing.ts'

const countAcceptedLua = ledgerLua + readFileSync(new URL('./count-accepted.lua', import.meta.url), 'utf8')

/** Where batches go. */
export interface Target {
  readonly queue: ClearFriendsQueue
  /** Counts jobs as accepted by the requests that they name, each once. Safe to repeat. */
  readonly countAccepted: (jobIds: readonly string[]) => Promise<unknown>
}

/** A job that is not in the queue yet. */
export interface NewJob {
  readonly name: string
  readonly data: JobData
  readonly opts: { readonly jobId: string; readonly deduplication: { readonly id: string }; readonly priority: number }
}

/** `accepted`: the job is new. `duplicate`: there is a live job of this account already, whose id is given. */
export interface Enqueued {
  readonly result: 'accepted' | 'duplicate'
  readonly jobId: string
}

/** How to send a batch that must get there. */
export interface SendOptions {
  /** The queue is kept at so many live jobs; default: any number. */
  readonly maxBacklog: number | undefined
  /** Told of each look at a queue without room, with its live jobs. */
  readonly onWaiting: ((liveJobs: number) => void) | undefined
  /** Gives up waiting. */
  readonly signal: AbortSignal | undefined
}

const RESEND_FOR_MS = 30_000
const RESEND_AFTER_MS = 250
/** First and last step of the wait for room: a fast fleet makes room for a batch in a moment, a slow one in seconds. */
const LOOK_AFTER_MS = { first: 50, last: 1000 }

/**
 * Opens the queue for batches.
 *
 * @throws {RedisUnavailableError} when Redis does not answer within 5 seconds
 * @throws {RedisTooOldError} when it is older than 6.2
 */
export async function openTarget(connection: RedisConnection, prefix: string): Promise<Target> {
  const queue = await openQueue(connection, prefix)
  const run = createRedisScript(connection, 'clearFriendsCountAccepted', countAcceptedLua)
  return { queue, countAccepted: jobIds => run(ledgerKeys(prefix), jobIds) }
}

/**
 * Puts jobs into the queue with one pipeline, and counts those of requests with a second round trip.
 *
 * @throws {RedisUnavailableError} when it failed; some of the jobs may be there
 */
export async function addBatch({ queue, countAccepted }: Target, jobs: readonly NewJob[]): Promise<Enqueued[]> {
  try {
    const added = await traceSend(jobs.length, traced =>
      queue.addBulk(jobs.map(job => ({ ...job, opts: { ...job.opts, ...traced } }))),
    )
    // Duplicates too: a producer that died before it came here may have left them uncounted.
    if (jobs.some(job => job.data.request !== undefined)) await countAccepted(added.map(job => job.id ?? ''))
    return added.map((job, index) => ({
      result: job.id === jobs[index]?.opts.jobId ? 'accepted' : 'duplicate',
      jobId: job.id ?? '',
    }))
  } catch (error) {
    throw unavailable(error)
  }
}

/**
 * Sends a batch until it went through, as soon as the queue has room for it. The same job ids make the jobs that did
 * arrive answer as accepted, once.
 *
 * @param entriesDone for the error
 * @returns nothing when the signal came while there was no room; nothing was sent then
 * @throws {EnqueueInterruptedError} when Redis was away for 30 seconds, or when the signal came while it was
 */
export async function sendBatch(
  target: Target,
  jobs: readonly NewJob[],
  entriesDone: number,
  options: SendOptions,
): Promise<Enqueued[] | undefined> {
  if (jobs.length === 0) return []
  const shuffled = shuffle(jobs)
  let giveUpAt: number | undefined
  for (;;) {
    try {
      const room = await waitForRoom(target.queue, jobs.length, options)
      if (room === 'aborted') return undefined
      // Redis has answered for as long as that took.
      if (room === 'waited') giveUpAt = undefined
      return await addBatch(target, shuffled)
    } catch (error) {
      giveUpAt ??= performance.now() + RESEND_FOR_MS
      if (performance.now() > giveUpAt || options.signal?.aborted) throw interrupted(entriesDone, error)
      await sleep(RESEND_AFTER_MS)
    }
  }
}

const interrupted = (entriesDone: number, cause: unknown): EnqueueInterruptedError =>
  new EnqueueInterruptedError(
    `Enqueueing stopped after ${entriesDone} entries: ${cause instanceof Error ? cause.message : String(cause)}`,
    entriesDone,
    cause,
  )

/**
 * Waits until so many jobs more do not make the queue longer than it may be. Several importers that look at the same
 * moment find the same room: each of them beyond the first may exceed the bound by its batch.
 *
 * @throws {RedisUnavailableError} when the queue cannot be counted
 */
async function waitForRoom(
  queue: ClearFriendsQueue,
  jobs: number,
  { maxBacklog, onWaiting, signal }: SendOptions,
): Promise<'free' | 'waited' | 'aborted'> {
  if (maxBacklog === undefined) return 'free'
  for (let lookAfterMs = LOOK_AFTER_MS.first, waited = false; ; waited = true) {
    const liveJobs = await countLive(queue)
    if (liveJobs + jobs <= maxBacklog) return waited ? 'waited' : 'free'
    onWaiting?.(liveJobs)
    // Its rejection is the signal's, which the next line asks for.
    await sleep(lookAfterMs, undefined, signal === undefined ? {} : { signal }).catch(() => {})
    if (signal?.aborted) return 'aborted'
    lookAfterMs = Math.min(lookAfterMs * 2, LOOK_AFTER_MS.last)
  }
}

/** Counts the jobs that are not settled. Dead letters wait for a person and make no work. */
async function countLive(queue: ClearFriendsQueue): Promise<number> {
  try {
    return await queue.getJobCountByTypes('wait', 'active', 'prioritized', 'delayed')
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
