import { setTimeout as sleep } from 'node:timers/promises'
import { askRedis } from '../../redis/connection.ts'
import type { ClearFriendsQueue } from '../job/queue.ts'

/** How to wait for room in the queue. */
export interface RoomOptions {
  /** Most live jobs in the queue; default: any number. */
  readonly maxBacklog: number | undefined
  /** Called at each look that finds no room, with the number of live jobs. */
  readonly onWaiting: ((liveJobs: number) => void) | undefined
  /** Ends the wait. */
  readonly signal: AbortSignal | undefined
}

/** First and longest pause between looks: a fast fleet makes room for a batch in a moment, a slow one in seconds. */
const LOOK_AFTER_MS = { first: 50, last: 1000 }

/**
 * Waits until the queue has room for a batch. Importers that look at the same moment find the same room, so each of
 * them beyond the first may exceed the bound by its batch.
 *
 * @throws {RedisUnavailableError} when the queue cannot be counted
 */
export async function waitForRoom(
  queue: ClearFriendsQueue,
  jobs: number,
  { maxBacklog, onWaiting, signal }: RoomOptions,
): Promise<'free' | 'waited' | 'aborted'> {
  if (maxBacklog === undefined) return 'free'
  for (let lookAfterMs = LOOK_AFTER_MS.first, waited = false; ; waited = true) {
    const liveJobs = await countLive(queue)
    if (liveJobs + jobs <= maxBacklog) return waited ? 'waited' : 'free'
    onWaiting?.(liveJobs)
    // It rejects only when the signal aborts, which the next line checks.
    await sleep(lookAfterMs, undefined, signal === undefined ? {} : { signal }).catch(() => {})
    if (signal?.aborted) return 'aborted'
    lookAfterMs = Math.min(lookAfterMs * 2, LOOK_AFTER_MS.last)
  }
}

/** Counts the jobs that are not settled. Dead letters wait for a person and make no work. */
const countLive = (queue: ClearFriendsQueue): Promise<number> =>
  askRedis(() => queue.getJobCountByTypes('wait', 'active', 'prioritized', 'delayed'))
