import { loadSettings } from '../config/load-settings.ts'
import type { Settings } from '../config/settings.ts'
import type { ReceiptSeals } from '../jobs/receipts/keys/receipt-seals.ts'
import { type FleetContract, hostOf, requireFleet } from '../jobs/status/fleet-contract.ts'
import { type RedisConnection, waitUntilReady, withAdvice } from '../redis/connection.ts'
import { openRedis, redisSettings } from '../redis/open-redis.ts'
import { requireRedisVersion } from '../redis/redis-version.ts'
import { loadSealsIfAny } from './receipts/load-seals.ts'
import type { Environment } from './surroundings.ts'

/** Settings of commands that look at the fleet or steer it. */
const fleetSettings = [...redisSettings, 'RATE_LIMIT_PER_SECOND', 'RATE_LIMIT_MARGIN', 'DUE_DAYS'] as const

/** Parsed settings of such commands. */
type FleetSettings = Settings<(typeof fleetSettings)[number]>

/** Whose fleet a command may work on: `own`, the one that its settings name; or `any`, whatever is there. */
type WhoseFleet = 'own' | 'any'

/** Connection of a command to the fleet's Redis. */
export interface FleetConnection {
  readonly settings: FleetSettings
  readonly redis: RedisConnection
  readonly prefix: string
  /** SDKAppID, where the settings name it. */
  readonly app: number | undefined
  /** Loads the keys of receipts, where the environment names them. */
  readonly loadSeals: () => ReceiptSeals | undefined
  /** The fleet's ceiling, and the share of it that stays unused. */
  readonly limit: { readonly ceilingPerSecond: number; readonly margin: number }
}

/**
 * Runs a command on an open connection, and closes it afterwards in every case.
 *
 * @throws {SettingsError} when settings are wrong
 * @throws {RedisUnavailableError} when Redis does not answer within 5 seconds, or refuses; its message has advice
 * @throws {RedisTooOldError} when Redis is older than 6.2
 * @throws {ForeignFleetError} when the fleet is another one's than the settings say
 */
export async function withFleet<T>(
  environment: Environment,
  run: (fleet: FleetConnection) => Promise<T>,
  whose: WhoseFleet = 'own',
): Promise<T> {
  const settings = loadSettings(environment, fleetSettings)
  const meant = meantFleet(environment)
  const redis = openRedis(settings, 'producer')
  redis.on('error', () => {})
  try {
    await waitUntilReady(redis)
    await requireRedisVersion(redis)
    if (whose === 'own') await requireFleet(redis, settings.REDIS_PREFIX, meant)
    const { REDIS_PREFIX: prefix, RATE_LIMIT_PER_SECOND: ceilingPerSecond, RATE_LIMIT_MARGIN: margin } = settings
    return await run({
      settings,
      redis,
      prefix,
      app: meant.app,
      loadSeals: () => loadSealsIfAny(environment),
      limit: { ceilingPerSecond, margin },
    })
  } catch (error) {
    throw withAdvice(error)
  } finally {
    redis.disconnect()
  }
}

/** Reads what the environment says of the fleet's app. A producer's or an operator's may say nothing. */
function meantFleet(environment: Environment): Partial<Pick<FleetContract, 'app' | 'host'>> {
  const isSet = (name: string): boolean => (environment[name] ?? '') !== ''
  return {
    ...(isSet('IM_SDK_APP_ID') ? { app: loadSettings(environment, ['IM_SDK_APP_ID']).IM_SDK_APP_ID } : {}),
    ...(isSet('IM_BASE_URL') ? { host: hostOf(loadSettings(environment, ['IM_BASE_URL'])) } : {}),
  }
}
