/**
 * The connection to Redis, and the errors that callers see when Redis is away or refuses.
 *
 * What belongs in `redis/`: opening a connection, names of keys, running a Lua script, versions, refusals. What does
 * not: what the keys mean; each room above keeps its own scripts.
 */

import type { Cluster, Redis } from 'ioredis'
import { RedisUnavailableError } from './redis-errors.ts'
import { refusalOf } from './redis-refusal.ts'

/** A connection to a Redis server or cluster; the caller opens and closes it. */
export type RedisConnection = Redis | Cluster

const READY_WITHIN_MS = 5000

/**
 * Waits until a connection can take commands. A connection made with `lazyConnect` starts to connect.
 *
 * @param withinMs longest wait; default 5 s
 * @throws {RedisUnavailableError} when Redis refuses us, or is not ready in time; the message quotes its answer
 */
export async function waitUntilReady(connection: RedisConnection, withinMs: number = READY_WITHIN_MS): Promise<void> {
  if (connection.status === 'ready') return
  let lastError: Error | undefined
  await new Promise<void>((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer)
      connection.off('ready', onReady)
      connection.off('error', onError)
      connection.off('end', onEnd)
      act()
    }
    const onReady = (): void => settle(resolve)
    const onError = (error: Error): void => {
      lastError = error
      if (isAccessError(error)) onEnd()
    }
    const onEnd = (): void => settle(() => reject(unavailable(lastError)))
    const timer = setTimeout(onEnd, withinMs)
    connection.on('ready', onReady)
    connection.on('error', onError)
    connection.on('end', onEnd)
    // A failed connect also emits `error`, which is handled above.
    if (connection.status === 'wait') connection.connect().catch(() => {})
  })
}

/**
 * Whether Redis answers but refuses us, which waiting does not mend. An unknown database number counts too: the driver
 * would go on in database 0.
 */
const isAccessError = (error: Error): boolean =>
  /WRONGPASS|NOAUTH|NOPERM|invalid password|AUTH |DB index/i.test(error.message)

/**
 * Runs a question to Redis.
 *
 * @throws {RedisUnavailableError} instead of any error of the question
 */
export async function askRedis<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw unavailable(error)
  }
}

/** Turns a refusal of Redis into a {@link RedisUnavailableError} with advice; returns every other error as it is. */
export function withAdvice(error: unknown): unknown {
  return refusalOf(error) === undefined ? error : unavailable(error)
}

/** Wraps a driver's error into the one that callers of this library branch on. */
function unavailable(cause: unknown): RedisUnavailableError {
  const refusal = refusalOf(cause)
  const said = refusal?.said ?? (cause instanceof Error ? messageOf(cause) : 'no answer')
  const advice = refusal?.advice ?? 'Check REDIS_URL and that the server runs.'
  return new RedisUnavailableError(`Redis cannot be used (${said}). ${advice}`, { cause: withoutArguments(cause) })
}

/** Copies a driver's error without the arguments of its command, which may be user ids. */
function withoutArguments(cause: unknown): unknown {
  if (!(cause instanceof Error && 'command' in cause)) return cause
  return Object.assign(new Error(refusalOf(cause)?.said ?? cause.message), { name: cause.name })
}

function messageOf(error: Error): string {
  if (error.message !== '') return error.message
  return 'code' in error ? String(error.code) : error.name
}
