import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { refusalOf } from '../../redis/redis-refusal.ts'
import { type CheckResult, failure, ok } from './check-result.ts'

/**
 * Checks whether Redis takes writes, with a key that expires after a second. It must be the last check of Redis: after
 * the refusal of a replica the driver connects anew.
 */
export async function checkWrites(redis: RedisConnection, prefix: string): Promise<CheckResult> {
  try {
    await redis.set(keysOf(prefix).doctor, '', 'PX', 1000)
    return ok('redis writes', 'taken')
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal === undefined) throw error
    return failure('redis writes', `refused (${refusal.said})`, refusal.advice)
  }
}
