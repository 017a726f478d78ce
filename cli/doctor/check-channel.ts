import { type RedisConnection, waitUntilReady } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { refusalOf } from '../../redis/redis-refusal.ts'
import { type CheckResult, failure, ok } from './check-result.ts'

const CHECK = 'redis channel'

/**
 * Checks whether this user of Redis may send and hear the fleet's news, without which a worker does not start. Workers
 * ignore the word that it sends.
 *
 * @param listener for nothing else, since a connection that listens takes no other commands; the caller closes it
 */
export async function checkChannel(
  redis: RedisConnection,
  listener: RedisConnection,
  prefix: string,
): Promise<CheckResult> {
  const channel = keysOf(prefix).fleet
  try {
    await waitUntilReady(listener)
    await listener.subscribe(channel)
    await redis.publish(channel, 'doctor')
    return ok(CHECK, 'news can be sent and heard')
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal === undefined) throw error
    const advice = `Give the user the rights of docs/security.md, \`&${prefix}:*\` among them.`
    return failure(CHECK, `refused (${refusal.said})`, advice)
  }
}
