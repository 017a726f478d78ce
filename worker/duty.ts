import type { ClearFriendsQueue } from '../jobs/job/queue.ts'
import { systemClock } from '../limiter/clock.ts'
import type { RedisConnection } from '../redis/connection.ts'
import type { ClosingList } from './closing-list.ts'
import type { Gate } from './halt/gate.ts'
import type { Duty } from './observe/liveness.ts'
import type { Pool } from './pool/pool.ts'

/** Parts whose state decides whether there is work for this process. */
export interface DutyParts {
  readonly redis: Pick<RedisConnection, 'status'>
  readonly queue: Pick<ClearFriendsQueue, 'isPaused' | 'getJobCounts' | 'getDelayedCount'>
  readonly gate: Pick<Gate, 'isOpen'>
  readonly pool: Pick<Pool, 'jobsInHand'>
  readonly closing: Pick<ClosingList, 'hasBegun'>
}

/** BullMQ moves a delayed job into line with the next fetch of any worker; a minute later nobody fetches. */
const OVERDUE_MS = 60_000

/**
 * Finds out whether there is work for this process: jobs in hand, or in line. There is none while it drains, while the
 * fleet is paused or halted, while this worker stands aside, and while Redis is away.
 */
export async function readDuty({ redis, queue, gate, pool, closing }: DutyParts): Promise<Duty> {
  if (closing.hasBegun || !gate.isOpen || redis.status !== 'ready') return 'none'
  if (pool.jobsInHand > 0) return 'work'
  if (await queue.isPaused()) return 'none'
  const inLine = await queue.getJobCounts('wait', 'prioritized')
  const overdue = await queue.getDelayedCount(systemClock.epochMs() - OVERDUE_MS)
  return Object.values(inLine).some(jobs => jobs > 0) || overdue > 0 ? 'work' : 'none'
}
