import { isIP } from 'node:net'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { Settings } from '../config/settings.ts'
import type { RedisConnection } from './connection.ts'

/** The settings that every command with a Redis needs. */
export const redisSettings = [
  'REDIS_URL',
  'REDIS_SENTINELS',
  'REDIS_SENTINEL_NAME',
  'REDIS_CLUSTER_NODES',
  'REDIS_PREFIX',
] as const

/** What {@link openRedis} reads. */
export type RedisSettings = Settings<(typeof redisSettings)[number]>

/**
 * What a connection is for, which decides what happens while Redis is away:
 * - `worker`: commands wait until Redis is back; for BullMQ's worker.
 * - `producer`: commands fail at once, so that whoever enqueues is told and does not hang.
 * - `permits`: commands fail at once and are never sent a second time, since a permit from before an outage is void.
 */
export type RedisRole = 'worker' | 'producer' | 'permits'

const RECONNECT_AT_MOST_MS = 1000
const CONNECT_TIMEOUT_MS = 5000
// The driver waits so long for a connection to close, even for one that was refused; its two seconds hold up the exit.
const DISCONNECT_TIMEOUT_MS = 200

const roleOptions = {
  worker: { maxRetriesPerRequest: null },
  producer: { maxRetriesPerRequest: 1, enableOfflineQueue: false },
  permits: { maxRetriesPerRequest: 0, enableOfflineQueue: false, autoResendUnfulfilledCommands: false },
} satisfies Record<RedisRole, RedisOptions>

/**
 * Makes a connection that starts to connect at once and comes back within a second after an outage.
 *
 * The caller listens to `error` events and closes it with `quit()` or `disconnect()`.
 *
 * @param settings where Redis is
 * @param role what the connection is for
 */
export function openRedis(settings: RedisSettings, role: RedisRole): RedisConnection {
  const url = new URL(settings.REDIS_URL)
  const options = {
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    retryStrategy: reconnectDelayMs,
    // A primary that was demoted answers READONLY: reconnect, and Sentinel names the new one.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    ...accessOptions(url),
    ...roleOptions[role],
  }
  if (settings.REDIS_CLUSTER_NODES !== undefined) {
    return new Cluster([...settings.REDIS_CLUSTER_NODES], {
      redisOptions: options,
      clusterRetryStrategy: reconnectDelayMs,
      enableOfflineQueue: role === 'worker',
    })
  }
  if (settings.REDIS_SENTINELS !== undefined && settings.REDIS_SENTINEL_NAME !== undefined) {
    return new Redis({
      ...options,
      sentinels: [...settings.REDIS_SENTINELS],
      name: settings.REDIS_SENTINEL_NAME,
      sentinelRetryStrategy: reconnectDelayMs,
      enableTLSForSentinelMode: options.tls !== undefined,
    })
  }
  return new Redis({ ...options, host: hostOf(url), port: Number(url.port || 6379) })
}

// Short on purpose: the defaults of the libraries (up to 20 s) leave the fleet idle long after Redis is back.
const reconnectDelayMs = (times: number): number => Math.min(50 * 2 ** Math.min(times, 10), RECONNECT_AT_MOST_MS)

function accessOptions(url: URL) {
  const database = url.pathname.replace('/', '')
  return {
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(database === '' ? {} : { db: Number(database) }),
    ...(url.protocol === 'rediss:' ? { tls: tlsOptions(hostOf(url)) } : {}),
  }
}

// With Sentinel and Cluster it names what the certificates are made out to. TLS knows no server name for an address.
const tlsOptions = (host: string): { servername?: string } => (isIP(host) === 0 ? { servername: host } : {})

const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '')
