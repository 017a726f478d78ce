import { setTimeout as sleep } from 'node:timers/promises'
import { askRedis } from '../../redis/connection.ts'
import type { ClearFriendsQueue } from '../job/queue.ts'

/** How to wait for room in the queue. */
export interface RoomOptions {
  /** Most live jobs in the queue; default: any number. */
  readonly maxBacklog: number | undefined
  /** Told of each look at a queue without room, with its live jobs. */
  readonly onWaiting: ((liveJobs: number) => void) | undefined
  /** Gives up waiting. */
  readonly signal: AbortSignal | undefined
}

/** First and last step of the wait: a fast fleet makes room for a batch in a moment, a slow one in seconds. */
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
    // Its rejection is the signal's, which the next line asks for.
    await sleep(lookAfterMs, undefined, signal === undefined ? {} : { signal }).catch(() => {})
    if (signal?.aborted) return 'aborted'
    lookAfterMs = Math.min(lookAfterMs * 2, LOOK_AFTER_MS.last)
  }
}

/** Counts the jobs that are not settled. Dead letters wait for a person and make no work. */
const countLive = (queue: ClearFriendsQueue): Promise<number> =>
  askRedis(() => queue.getJobCountByTypes('wait', 'active', 'prioritized', 'delayed'))
