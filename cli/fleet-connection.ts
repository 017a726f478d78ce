import { loadSettings } from '../config/load-settings.ts'
import type { Settings } from '../config/settings.ts'
import { type RedisConnection, waitUntilReady, withAdvice } from '../redis/connection.ts'
import { openRedis, redisSettings } from '../redis/open-redis.ts'
import { requireRedisVersion } from '../redis/redis-version.ts'
import type { Environment } from './surroundings.ts'

/** Settings of commands that look at the fleet or steer it. */
const fleetSettings = [...redisSettings, 'RATE_LIMIT_PER_SECOND', 'RATE_LIMIT_MARGIN', 'DUE_DAYS'] as const

/** Parsed settings of such commands. */
type FleetSettings = Settings<(typeof fleetSettings)[number]>

/** Connection of a command to the fleet's Redis. */
export interface FleetConnection {
  readonly settings: FleetSettings
  readonly redis: RedisConnection
  readonly prefix: string
  /** The fleet's ceiling, and the share of it that stays unused. */
  readonly limit: { readonly ceilingPerSecond: number; readonly margin: number }
}

/**
 * Runs a command on an open connection, and closes it afterwards in every case.
 *
 * @throws {SettingsError} when settings are wrong
 * @throws {RedisUnavailableError} when Redis does not answer within 5 seconds, or refuses; its message has advice
 * @throws {RedisTooOldError} when Redis is older than 6.2
 */
export async function withFleet<T>(environment: Environment, run: (fleet: FleetConnection) => Promise<T>): Promise<T> {
  const settings = loadSettings(environment, fleetSettings)
  const redis = openRedis(settings, 'producer')
  redis.on('error', () => {})
  try {
    await waitUntilReady(redis)
    await requireRedisVersion(redis)
    const { REDIS_PREFIX: prefix, RATE_LIMIT_PER_SECOND: ceilingPerSecond, RATE_LIMIT_MARGIN: margin } = settings
    return await run({ settings, redis, prefix, limit: { ceilingPerSecond, margin } })
  } catch (error) {
    throw withAdvice(error)
  } finally {
    redis.disconnect()
  }
}
