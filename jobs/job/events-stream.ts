import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { NO_EVENTS } from './queue.ts'

/**
 * Empties BullMQ's stream of events and lets it keep none. BullMQ's event of a duplicate names the account and would
 * stay for thousands of jobs. No part of this project reads events.
 *
 * Safe to repeat. A program that opens the queue with BullMQ alone, as producers in other languages do, sets the number
 * of events to 10,000 again.
 */
export async function emptyEvents(redis: RedisConnection, prefix: string): Promise<void> {
  const { queue } = keysOf(prefix)
  await redis.hset(`${queue}meta`, 'opts.maxLenEvents', NO_EVENTS.events.maxLen)
  await redis.unlink(`${queue}events`)
}
