import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { askRedis, type RedisConnection, waitUntilReady } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { createRedisScript } from '../../redis/redis-script.ts'
import type { JobData } from '../job/clear-friends-job.ts'
import { EnqueueInterruptedError } from '../job/errors.ts'
import { type ClearFriendsQueue, openQueue } from '../job/queue.ts'
import { traceSend } from '../job/tracing.ts'
import { ledgerKeys, ledgerLua } from '../settle/ledger.ts'
import { requireFleet } from '../status/fleet-contract.ts'
import { type RoomOptions, waitForRoom } from './queue-room.ts'

const beginBatchLua = readFileSync(new URL('./begin-batch.lua', import.meta.url), 'utf8')
const countAcceptedLua = ledgerLua + readFileSync(new URL('./count-accepted.lua', import.meta.url), 'utf8')

const answersSchema = z.array(z.number().transform(answer => answer === 1))

/** The queue, and the scripts that a batch needs. */
export interface Target {
  readonly queue: ClearFriendsQueue
  /** Counts jobs as accepted by the requests that they name, each once. Safe to repeat. */
  readonly countAccepted: (jobIds: readonly string[]) => Promise<unknown>
  /**
   * Answers for each job whether it must still be sent, and makes Redis remember which of them end from now on. Safe to
   * repeat.
   */
  readonly beginBatch: (jobIds: readonly string[]) => Promise<readonly boolean[]>
  /** Forgets a batch that its producer will not send again. */
  readonly forgetBatch: (jobIds: readonly string[]) => Promise<unknown>
}

/** A job that is not in the queue yet. */
export interface NewJob {
  readonly name: string
  readonly data: JobData
  readonly opts: { readonly jobId: string; readonly deduplication: { readonly id: string }; readonly priority: number }
}

/** `accepted`: the job is new. `duplicate`: the account already has a live job, whose id is given. */
export interface Enqueued {
  readonly result: 'accepted' | 'duplicate'
  readonly jobId: string
}

/** An interrupted import can resume exactly within 30 days. */
const BATCH_SECONDS = 30 * 86_400
const RESEND_FOR_MS = 30_000
const RESEND_AFTER_MS = 250

/**
 * Opens the queue for batches.
 *
 * @throws {RedisUnavailableError} when Redis does not answer within 5 seconds
 * @throws {RedisTooOldError} when it is older than 6.2
 * @throws {ForeignFleetError} when the fleet is bound to another app, or its data are of a newer version
 */
export async function openTarget(
  connection: RedisConnection,
  prefix: string,
  app: number | undefined,
): Promise<Target> {
  await waitUntilReady(connection)
  await requireFleet(connection, prefix, app === undefined ? {} : { app })
  const queue = await openQueue(connection, prefix)
  const { queue: queueKey, batches } = keysOf(prefix)
  const count = createRedisScript(connection, 'clearFriendsCountAccepted', countAcceptedLua)
  const begin = createRedisScript(connection, 'clearFriendsBeginBatch', beginBatchLua)
  return {
    queue,
    countAccepted: jobIds => count(ledgerKeys(prefix), jobIds),
    beginBatch: async jobIds => answersSchema.parse(await begin([queueKey, batches], [BATCH_SECONDS, ...jobIds])),
    forgetBatch: jobIds => connection.hdel(batches, ...jobIds),
  }
}

/**
 * Puts jobs into the queue with one pipeline, and counts jobs with a request in a second round trip.
 *
 * @throws {RedisUnavailableError} when Redis is away or refuses; some of the jobs may be in the queue
 */
export async function addBatch({ queue, countAccepted }: Target, jobs: readonly NewJob[]): Promise<Enqueued[]> {
  if (jobs.length === 0) return []
  return askRedis(async () => {
    const added = await traceSend(jobs.length, traced =>
      queue.addBulk(jobs.map(job => ({ ...job, opts: { ...job.opts, ...traced } }))),
    )
    // Duplicates too: a producer that crashed before this line may have left them uncounted.
    if (jobs.some(job => job.data.request !== undefined)) await countAccepted(added.map(job => job.id ?? ''))
    return added.map((job, index) => ({
      result: job.id === jobs[index]?.opts.jobId ? 'accepted' : 'duplicate',
      jobId: job.id ?? '',
    }))
  })
}

/**
 * Waits until the queue has room for a batch, then sends it until Redis takes it. Jobs that an earlier try added count
 * as accepted and are not added again, even when they have ended since. Redis remembers them until
 * {@link Target.forgetBatch}.
 *
 * @param entriesDone entries before the batch, for the error
 * @returns nothing when the signal came while there was no room; nothing was sent then
 * @throws {EnqueueInterruptedError} when Redis was away for 30 seconds, or when the signal came while it was away
 */
export async function sendBatch(
  target: Target,
  jobs: readonly NewJob[],
  entriesDone: number,
  options: RoomOptions,
): Promise<Enqueued[] | undefined> {
  if (jobs.length === 0) return []
  const shuffled = shuffle(jobs)
  let giveUpAt: number | undefined
  for (;;) {
    try {
      const room = await waitForRoom(target.queue, jobs.length, options)
      if (room === 'aborted') return undefined
      // Redis answered during the wait, so the 30 s begin anew.
      if (room === 'waited') giveUpAt = undefined
      return await addMissing(target, shuffled)
    } catch (error) {
      giveUpAt ??= performance.now() + RESEND_FOR_MS
      if (performance.now() > giveUpAt || options.signal?.aborted) throw interrupted(entriesDone, error)
      await sleep(RESEND_AFTER_MS)
    }
  }
}

/** Adds those jobs that an earlier try, or a process that was killed, has not added. */
async function addMissing(target: Target, jobs: readonly NewJob[]): Promise<Enqueued[]> {
  const isMissing = await askRedis(() => target.beginBatch(jobs.map(job => job.opts.jobId)))
  const added = await addBatch(
    target,
    jobs.filter((_, index) => isMissing[index]),
  )
  const there = jobs.filter((_, index) => !isMissing[index]).map(job => job.opts.jobId)
  // A crashed producer may have added these without counting them.
  if (there.length > 0) await askRedis(() => target.countAccepted(there))
  return [...added, ...there.map(jobId => ({ result: 'accepted', jobId }) as const)]
}

const interrupted = (entriesDone: number, cause: unknown): EnqueueInterruptedError =>
  new EnqueueInterruptedError(
    `Enqueueing stopped after ${entriesDone} entries: ${cause instanceof Error ? cause.message : String(cause)}`,
    entriesDone,
    cause,
  )

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
