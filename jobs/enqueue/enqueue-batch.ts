import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { askRedis, type RedisConnection, waitUntilReady } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { createRedisScript } from '../../redis/redis-script.ts'
import { type ClearFriendsQueue, openQueue } from '../job/queue.ts'
import { traceSend } from '../job/tracing.ts'
import { countsKeys, countsLua } from '../settle/ledger.ts'
import { requireFleet, requireKey } from '../status/fleet-contract.ts'
import type { NewJob } from './new-job.ts'
import { type RoomOptions, waitForRoom } from './queue-room.ts'
import { createStrengthener, type Strengthen } from './strengthen.ts'
import { createTellAccepted, type Served, type TellAccepted, type TellingOptions, toldOf } from './tell-accepted.ts'
import { untilRedisTakes } from './until-redis-takes.ts'

const beginBatchLua = readFileSync(new URL('./begin-batch.lua', import.meta.url), 'utf8')
const countAcceptedLua = countsLua + readFileSync(new URL('./count-accepted.lua', import.meta.url), 'utf8')

const SENT_BEFORE = ['missing', 'accepted', 'same', 'strengthened', 'joined'] as const
const sentBeforeSchema = z.array(z.enum(SENT_BEFORE))

/** The queue, and the scripts that a batch needs. */
export interface Target {
  readonly queue: ClearFriendsQueue
  /** Counts jobs as accepted by the requests that they name, each once. Safe to repeat. */
  readonly countAccepted: (jobIds: readonly string[]) => Promise<unknown>
  /** Adds the wishes of duplicates to the jobs that are there. Safe to repeat. */
  readonly strengthen: Strengthen
  /**
   * Answers for each job whether it must still be sent, or else what became of it, and makes Redis remember which of
   * them end from now on. Safe to repeat.
   */
  readonly beginBatch: (jobIds: readonly string[]) => Promise<readonly (typeof SENT_BEFORE)[number][]>
  /** Forgets a batch that its producer will not send again. */
  readonly forgetBatch: (jobIds: readonly string[]) => Promise<unknown>
  /** Says in the log of receipts how many accounts were accepted, if the producer holds the key. Safe to repeat. */
  readonly tellAccepted: TellAccepted
}

/**
 * `accepted`: the job is new. `duplicate`: the account already has a live job, whose id is given. It now serves this wish
 * too; `strengthened` says whether it changed for that: an earlier due date, two-way instead of one-way, or one request
 * more.
 */
export type Enqueued =
  | { readonly result: 'accepted'; readonly jobId: string }
  | { readonly result: 'duplicate'; readonly jobId: string; readonly strengthened: boolean }

/** What became of a job, and whether a job serves its request from now on that did not before. */
interface Added {
  readonly enqueued: Enqueued
  readonly isServed: boolean
}

/** An interrupted import can resume exactly within 30 days. */
const BATCH_SECONDS = 30 * 86_400
/** A job may end between the answer that it is there and the look at it. No fleet is that quick ten times in a row. */
const LOOKS_AT_MOST = 10

/**
 * Opens the queue for batches.
 *
 * @param telling whether and how the log of receipts says how many accounts were accepted; default: it does not
 * @throws {RedisUnavailableError} when Redis does not answer within 5 seconds
 * @throws {RedisTooOldError} when it is older than 6.2
 * @throws {ForeignFleetError} when the fleet is bound to another app, or its data are of a newer version
 * @throws {ReceiptKeyError} when the fleet has another key than the seals
 */
export async function openTarget(
  connection: RedisConnection,
  prefix: string,
  app: number | undefined,
  telling: TellingOptions = {},
): Promise<Target> {
  await waitUntilReady(connection)
  await requireFleet(connection, prefix, app === undefined ? {} : { app })
  if (telling.seals !== undefined) await requireKey(connection, prefix, telling.seals)
  const queue = await openQueue(connection, prefix)
  const { queue: queueKey, batches } = keysOf(prefix)
  const count = createRedisScript(connection, 'clearFriendsCountAccepted', countAcceptedLua)
  const begin = createRedisScript(connection, 'clearFriendsBeginBatch', beginBatchLua)
  return {
    queue,
    countAccepted: jobIds => count(countsKeys(prefix), jobIds),
    strengthen: createStrengthener(connection, prefix),
    beginBatch: async jobIds => sentBeforeSchema.parse(await begin([queueKey, batches], [BATCH_SECONDS, ...jobIds])),
    forgetBatch: jobIds => connection.hdel(batches, ...jobIds, ...jobIds.map(toldOf)),
    tellAccepted: createTellAccepted(connection, prefix, telling),
  }
}

/**
 * Puts jobs into the queue with one pipeline. Further round trips count jobs with a request, and add the wishes of
 * duplicates to the jobs that are there.
 *
 * @returns the result of each, in the order of the jobs
 * @throws {RedisUnavailableError} when Redis is away or refuses; some of the jobs may be in the queue
 */
export async function addBatch(target: Target, jobs: readonly NewJob[]): Promise<Enqueued[]> {
  const done = await addAll(target, jobs)
  const added = jobs.flatMap(job => done.get(idOf(job))?.enqueued ?? [])
  await target.tellAccepted(servedOf(jobs, done))
  return added
}

/** Gives those jobs that are accepted, or whose request another job serves now. */
const servedOf = (jobs: readonly NewJob[], done: ReadonlyMap<string, Added>): readonly Served[] =>
  jobs.flatMap(job => {
    const added = done.get(idOf(job))
    return added?.isServed === true ? [{ job, isNew: added.enqueued.result === 'accepted' }] : []
  })

async function addAll(target: Target, jobs: readonly NewJob[]): Promise<ReadonlyMap<string, Added>> {
  return askRedis(async () => {
    const done = new Map<string, Added>()
    for (let look = 0, left = jobs; left.length > 0; look++) {
      if (look === LOOKS_AT_MOST) throw new Error('jobs of these accounts came and went, time and again')
      for (const [ownId, added] of await addOnce(target, left)) done.set(ownId, added)
      left = left.filter(job => !done.has(job.opts.jobId))
    }
    return done
  })
}

/** Adds jobs; gives the results by the jobs' own ids, without those that must be added again. */
async function addOnce(target: Target, jobs: readonly NewJob[]): Promise<(readonly [string, Added])[]> {
  const added = await traceSend(jobs.length, traced =>
    target.queue.addBulk(jobs.map(job => ({ ...job, opts: { ...job.opts, ...traced } }))),
  )
  const isNew = jobs.map((job, index) => added[index]?.id === job.opts.jobId)
  const accepted = jobs.filter((_, index) => isNew[index])
  const duplicates = jobs.filter((_, index) => !isNew[index])
  if (accepted.some(job => job.data.request !== undefined)) await target.countAccepted(accepted.map(idOf))
  const merged = await target.strengthen(duplicates)
  return [
    ...accepted.map(job => [idOf(job), accept(idOf(job))] as const),
    ...merged.flatMap(([result, jobId], index) => {
      const job = duplicates[index]
      return job === undefined || result === 'new' ? [] : [[idOf(job), duplicate(jobId, result)] as const]
    }),
  ]
}

const idOf = (job: NewJob): string => job.opts.jobId

const accept = (jobId: string): Added => ({ enqueued: { result: 'accepted', jobId }, isServed: true })

const duplicate = (jobId: string, result: 'same' | 'strengthened' | 'joined'): Added => ({
  enqueued: { result: 'duplicate', jobId, strengthened: result !== 'same' },
  isServed: result === 'joined',
})

/** How to wait for room, and whether to send then. */
export interface SendOptions extends RoomOptions {
  /** Asked when there is room, before each try to send the batch; `false` ends it. */
  readonly mayGoOn?: (() => Promise<boolean>) | undefined
}

/**
 * Waits until the queue has room for a batch, then sends it until Redis takes it. Jobs that an earlier try added count
 * as accepted and are not added again, even when they have ended since. Redis remembers them until
 * {@link Target.forgetBatch}.
 *
 * @param entriesDone entries before the batch, for the error
 * @returns nothing when the signal came while there was no room, or when the batch may not be sent; nothing was sent
 *   then, unless an earlier try has sent some of it
 * @throws {EnqueueInterruptedError} when Redis was away for 30 seconds, when the signal came while it was away, or
 *   when this user of Redis lacks a right
 */
export async function sendBatch(
  target: Target,
  jobs: readonly NewJob[],
  entriesDone: number,
  options: SendOptions,
): Promise<Enqueued[] | undefined> {
  const shuffled = shuffle(jobs)
  return untilRedisTakes(entriesDone, options.signal, async answered => {
    if (jobs.length > 0) {
      const room = await waitForRoom(target.queue, jobs.length, options)
      if (room === 'aborted') return undefined
      if (room === 'waited') answered()
    }
    if ((await options.mayGoOn?.()) === false) return undefined
    return jobs.length === 0 ? [] : addMissing(target, shuffled)
  })
}

/** Adds those jobs that an earlier try, or a process that was killed, has not added. */
async function addMissing(target: Target, jobs: readonly NewJob[]): Promise<Enqueued[]> {
  const before = await askRedis(() => target.beginBatch(jobs.map(idOf)))
  const missing = jobs.filter((_, index) => before[index] === 'missing')
  const done = new Map(await addAll(target, missing))
  const there = jobs.filter((_, index) => before[index] === 'accepted').map(idOf)
  // A crashed producer may have added these without counting them.
  if (there.length > 0) await askRedis(() => target.countAccepted(there))
  for (const jobId of there) done.set(jobId, accept(jobId))
  for (const [index, job] of jobs.entries()) {
    const result = before[index]
    const isServed = result === 'same' || result === 'strengthened' || result === 'joined'
    if (isServed) done.set(idOf(job), duplicate(idOf(job), result))
  }
  await target.tellAccepted(servedOf(jobs, done), true)
  return jobs.flatMap(job => done.get(idOf(job))?.enqueued ?? [])
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
