import { z } from 'zod'
import type { RedisConnection } from '../../../redis/connection.ts'
import { keysOf } from '../../../redis/keys.ts'
import { readFleetId } from '../../status/fleet-state.ts'
import { type LogIdentity, shortFleetId } from '../log/origin.ts'

/** Whose log of receipts is in Redis. */
export interface LogInRedis extends LogIdentity {
  /** The whole id of the fleet; the settle script compares it. */
  readonly fleetId: string
}

const appSchema = z.coerce.number().catch(0)

/**
 * Reads whose log of receipts is in Redis. The fleet gets its id where it has none.
 *
 * @param app SDKAppID, where the caller knows it; else that to which the fleet is bound
 */
export async function readIdentity(redis: RedisConnection, prefix: string, app?: number): Promise<LogInRedis> {
  return toIdentity(await readFleetId(redis, prefix), app ?? (await redis.hget(keysOf(prefix).fleet, 'app')))
}

/** Does so without writing; nothing where the fleet has no id, and so no receipts. */
export async function lookUpIdentity(redis: RedisConnection, prefix: string): Promise<LogInRedis | undefined> {
  const { fleet, fleetId } = keysOf(prefix)
  const [id, app] = await Promise.all([redis.get(fleetId), redis.hget(fleet, 'app')])
  return id === null ? undefined : toIdentity(id, app)
}

const toIdentity = (fleetId: string, app: unknown): LogInRedis => ({
  fleetId,
  app: appSchema.parse(app ?? 0),
  fleet: shortFleetId(fleetId),
})
