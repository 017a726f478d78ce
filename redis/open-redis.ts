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

/** Parsed settings for {@link openRedis}. */
export type RedisSettings = Settings<(typeof redisSettings)[number]>

/**
 * Purpose of a connection. It decides what commands do while Redis is away:
 * - `worker`: they wait until Redis is back, as BullMQ's worker needs it.
 * - `producer`: they fail at once, so that the producer gets an error and does not hang.
 * - `permits`: they fail at once and are never sent again, since a permit from before an outage is void.
 */
export type RedisRole = 'worker' | 'producer' | 'permits'

const RECONNECT_AT_MOST_MS = 1000
const CONNECT_TIMEOUT_MS = 5000
// Longest wait of the driver for a connection to close, even a refused one. Its default of 2 s would hold up the exit.
const DISCONNECT_TIMEOUT_MS = 200

/**
 * A connection that gives no answer for so long is dead (a firewall that forgot it), and commands on it would wait for a
 * quarter of an hour. BullMQ's own waits for a job last up to 10 s.
 */
const SILENT_AT_MOST_MS = 13_000

const roleOptions = {
  worker: { maxRetriesPerRequest: null, socketTimeout: SILENT_AT_MOST_MS },
  producer: { maxRetriesPerRequest: 1, enableOfflineQueue: false },
  permits: { maxRetriesPerRequest: 0, enableOfflineQueue: false, autoResendUnfulfilledCommands: false },
} satisfies Record<RedisRole, RedisOptions>

/**
 * Makes a connection that connects at once, and again within a second after an outage.
 *
 * The caller must listen to its `error` events, and close it with `quit()` or `disconnect()`.
 *
 * @param settings address of Redis
 * @param role purpose of the connection
 */
export function openRedis(settings: RedisSettings, role: RedisRole): RedisConnection {
  const url = new URL(settings.REDIS_URL)
  const options = {
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    retryStrategy: reconnectDelayMs,
    // A demoted primary answers READONLY. The driver then reconnects, and Sentinel names the new primary.
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

// Short on purpose: with the libraries' defaults, up to 20 s, the fleet would stay idle long after Redis is back.
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

// With Sentinel and Cluster, the host of REDIS_URL is the name in the certificates. An IP address is no TLS server
// name.
const tlsOptions = (host: string): { servername?: string } => (isIP(host) === 0 ? { servername: host } : {})

const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '')
