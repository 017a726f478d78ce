import { z } from 'zod'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { UnknownRequestError } from '../job/errors.ts'
import { createFleetStatusReader } from './fleet-status.ts'
import type { RateSettings } from './queue-status.ts'

/** Accounts of one request, by result. `accepted` is the sum of all other counts except `verified` and `unproved`. */
export interface RequestStatus {
  readonly request: string
  readonly accepted: number
  readonly cleared: number
  /** Cleared accounts whose friend list a worker saw empty. */
  readonly verified: number
  /** Cleared accounts whose friend list was to be looked at and could not be read. */
  readonly unproved: number
  readonly notImported: number
  /** Dead letters, discarded ones included, until an operator replays them. */
  readonly dead: number
  readonly cancelled: number
  readonly pending: number
  /** When the first account was enqueued, as ISO date. */
  readonly firstAt: string
  /** When the last outcome was written down, as ISO date; `null` before the first. */
  readonly lastAt: string | null
  /**
   * Seconds until no account is pending, at the latest: by then the whole queue is empty at the present rate. `null`
   * while nothing moves.
   */
  readonly etaSeconds: number | null
}

const count = z.coerce.number().int().default(0)
const figuresSchema = z.object({
  accepted: count,
  cleared: count,
  verified: count,
  unproved: count,
  not_imported: count,
  dead_lettered: count,
  cancelled: count,
  firstAt: z.coerce.number(),
  lastAt: z.coerce.number().optional(),
})

/**
 * Makes a reader of requests' figures.
 *
 * @param redis the caller closes it
 * @returns a function of the request id; throws {@link UnknownRequestError} where there are no figures, because no job
 * ever named the request or because they have expired
 */
export function createRequestReader(
  redis: RedisConnection,
  prefix: string,
  settings: RateSettings,
): (request: string) => Promise<RequestStatus> {
  const readFleet = createFleetStatusReader(redis, prefix, settings)
  return async request => {
    const [fields, fleet] = await Promise.all([redis.hgetall(keysOf(prefix).requests + request), readFleet()])
    if (Object.keys(fields).length === 0) {
      throw new UnknownRequestError(
        `there is no request "${request}": no account was enqueued under it, or its figures have expired`,
      )
    }
    const figures = figuresSchema.parse(fields)
    const { accepted, cleared, verified, unproved, cancelled, not_imported: notImported, dead_lettered: dead } = figures
    const pending = accepted - cleared - notImported - dead - cancelled
    return {
      request,
      ...{ accepted, cleared, verified, unproved, notImported, dead, cancelled, pending },
      firstAt: new Date(figures.firstAt).toISOString(),
      lastAt: figures.lastAt === undefined ? null : new Date(figures.lastAt).toISOString(),
      etaSeconds: pending === 0 ? 0 : fleet.etaSeconds,
    }
  }
}
