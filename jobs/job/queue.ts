import { Queue } from 'bullmq'
import { type RedisConnection, waitUntilReady } from '../../redis/connection.ts'
import { QUEUE_NAME } from '../../redis/keys.ts'
import { requireRedisVersion } from '../../redis/redis-version.ts'

/** The BullMQ queue that holds the jobs. */
export type ClearFriendsQueue = Queue

/** BullMQ's option: keep 0 events. Every XADD then trims the stream to nothing. */
export const NO_EVENTS: { readonly events: { readonly maxLen: number } } = { events: { maxLen: 0 } }

/**
 * Opens the queue on a connection.
 *
 * @param connection an open or opening connection; the caller closes it
 * @param prefix the value of `REDIS_PREFIX`
 * @throws {RedisUnavailableError} when Redis does not answer within 5 seconds
 * @throws {RedisTooOldError} when it is older than 6.2
 */
export async function openQueue(connection: RedisConnection, prefix: string): Promise<ClearFriendsQueue> {
  await waitUntilReady(connection)
  await requireRedisVersion(connection)
  const queue = new Queue(QUEUE_NAME, { connection, prefix, streams: NO_EVENTS })
  // The caller of a command gets its error. Without a listener BullMQ would print the same error a second time.
  queue.on('error', () => {})
  return queue
}
