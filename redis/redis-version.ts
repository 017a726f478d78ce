import type { RedisConnection } from './connection.ts'
import { RedisTooOldError } from './redis-errors.ts'

/** The oldest version on which BullMQ's scripts and ours run. */
export const LEAST_REDIS_VERSION = '6.2.0'

/** Name and version of a server, from its `INFO`. */
export interface RedisVersion {
  readonly name: 'Redis' | 'Valkey'
  /** For instance `7.0.15`; `unknown` if the server does not say. */
  readonly version: string
  readonly newEnough: boolean
}

/**
 * Reads the version from the answer to `INFO`.
 *
 * @param info sections of the answer, at least `server`
 */
export function readRedisVersion(info: string): RedisVersion {
  const valkey = /^valkey_version:(\S+)/m.exec(info)?.[1]
  const version = valkey ?? /^redis_version:(\S+)/m.exec(info)?.[1] ?? 'unknown'
  return {
    name: valkey === undefined ? 'Redis' : 'Valkey',
    version,
    newEnough: version !== 'unknown' && !isOlder(version, LEAST_REDIS_VERSION),
  }
}

/** Whether version `a` is older than version `b`; both like `7.0.15`. */
export const isOlder = (a: string, b: string): boolean => a.localeCompare(b, 'en', { numeric: true }) < 0

/**
 * Checks the server's version before anything is written. BullMQ itself would only print a warning.
 *
 * @throws {RedisTooOldError} when the server is older than {@link LEAST_REDIS_VERSION}
 */
export async function requireRedisVersion(connection: RedisConnection): Promise<void> {
  const { name, version, newEnough } = readRedisVersion(await connection.info('server'))
  if (newEnough) return
  throw new RedisTooOldError(`${name} ${version} is too old. Use ${LEAST_REDIS_VERSION} or newer.`)
}
