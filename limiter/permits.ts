import { Cluster, Redis } from 'ioredis'
import { z } from 'zod'
import { type RedisConnection, waitUntilReady } from '../redis/connection.ts'
import { DEFAULT_PREFIX } from '../redis/keys.ts'
import { Limiter, type LimiterOptions } from './limiter.ts'
import type { Paced, PaceOptions } from './paced.ts'
import type { HealthSignal } from './trouble-watch.ts'

/** Connection and rates of permits. The rates must be those of the workers: others hold for this program only. */
export interface PermitsOptions {
  /** The workers' Redis: its URL, or a connection whose settings are used for a connection of our own. */
  readonly redis: string | RedisConnection
  /** `REDIS_PREFIX` of the workers; default `{clear-friends}`. */
  readonly prefix?: string
  /** `RATE_LIMIT_PER_SECOND` of the workers: calls per second and command; default 200. */
  readonly ceilingPerSecond?: number
  /** `RATE_LIMIT_MARGIN` of the workers: the share kept off the ceiling, from 0 to 0.5; default 0.01. */
  readonly margin?: number
  /** Called for every permit: used, missed (its moment passed before it could be used) or void (Redis went away). */
  readonly onPermit?: LimiterOptions['onPermit']
  /** Called with the reason why Redis refuses to grant permits, at most once a minute for the same reason. */
  readonly onRefused?: LimiterOptions['onRefused']
}

/** Permits of one program. */
export interface Permits {
  /**
   * Makes a call when it is its turn; first come, first served within this program.
   *
   * Have an open connection to the vendor before you ask (a keep-alive agent that was used a moment ago): a call that
   * has to shake hands first arrives late, together with the calls behind it.
   *
   * @param command the vendor's command, such as `friend_get`; each has its own ceiling
   * @param send makes the request before it returns; `async` functions do so only up to their first `await`
   * @param options a signal that gives up the wait; `evenWhileClosed` for calls that go on while the fleet is paused or
   *   halted, such as those of a product's own users
   * @returns `sent` with the value of `send`, and `answered`, which you call when the answer is here: it keeps the
   *   limit where calls are held up on their way; or `closed` and why no call was made. Errors of `send` are thrown
   *   here.
   */
  pace<T>(
    command: string,
    send: () => T,
    options?: PaceOptions & { readonly evenWhileClosed?: boolean },
  ): Promise<Paced<T>>
  /** Takes in the vendor's health as an answer showed it: when the vendor calls one program too fast, all slow down. */
  observe(command: string, signal: HealthSignal): void
  /** Resolves when Redis answers. Not needed before {@link pace}, which waits as well. */
  ready(): Promise<void>
  /** Ends all waits as `closed` and closes the connection. */
  close(): void
}

/** Thrown when an option has an invalid value. */
export class InvalidPermitOptionsError extends Error {
  override readonly name = 'InvalidPermitOptionsError'
  readonly code = 'INVALID_PERMIT_OPTIONS'
}

const ratesSchema = z.object({
  prefix: z.string().min(1).default(DEFAULT_PREFIX),
  ceilingPerSecond: z.int().min(1).max(1_000_000).default(200),
  margin: z.number().min(0).max(0.5).default(0.01),
})

/** As for the workers: a permit from before an outage is void, so no command waits for Redis or is sent twice. */
const CONNECTION = { maxRetriesPerRequest: 0, enableOfflineQueue: false, autoResendUnfulfilledCommands: false }

/**
 * Makes permits that this program shares with the workers, and with every other program that does the same.
 *
 * While Redis cannot be asked no call is made: waits go on until it is back or their signal gives up.
 *
 * @throws {InvalidPermitOptionsError} for an invalid prefix, ceiling or margin
 * @example
 * const permits = createPermits({ redis: 'redis://127.0.0.1:6379' })
 * const paced = await permits.pace('friend_get', () => fetch(url, { method: 'POST', body }))
 * if (paced.kind === 'sent') {
 *   const response = await paced.value
 *   paced.answered()
 *   console.log(response.status)
 * }
 * permits.close()
 */
export function createPermits(options: PermitsOptions): Permits {
  const parsed = ratesSchema.safeParse(options)
  if (!parsed.success) throw new InvalidPermitOptionsError(z.prettifyError(parsed.error))
  const redis = openOwn(options.redis)
  // Each ask reports its own failure; without a listener an outage would end the process.
  redis.on('error', () => {})
  const { onPermit, onRefused } = options
  const limiter = new Limiter({
    redis,
    ...parsed.data,
    ...(onPermit === undefined ? {} : { onPermit }),
    ...(onRefused === undefined ? {} : { onRefused }),
  })
  return {
    pace: (command, send, { evenWhileClosed = false, ...wait } = {}) =>
      evenWhileClosed ? limiter.probe(command, send, wait) : limiter.pace(command, send, wait),
    observe: (command, signal) => limiter.observe(command, signal),
    ready: () => waitUntilReady(redis),
    close: () => {
      limiter.close()
      redis.disconnect()
    },
  }
}

function openOwn(redis: string | RedisConnection): RedisConnection {
  if (typeof redis === 'string') return new Redis(redis, CONNECTION)
  if (redis instanceof Cluster) return redis.duplicate([], { enableOfflineQueue: false, redisOptions: CONNECTION })
  return redis.duplicate(CONNECTION)
}
