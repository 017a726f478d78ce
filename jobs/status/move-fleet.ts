import { z } from 'zod'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { FleetInUseError } from '../job/errors.ts'
import { DATA_VERSION, type FleetContract, readContract, rebindFleet } from './fleet-contract.ts'
import { createFleetMembers } from './fleet-members.ts'

const SETS = ['prioritized', 'delayed', 'failed', 'waiting-children'] as const
const LISTS = ['wait', 'active', 'paused'] as const
const counts = z.array(z.tuple([z.null(), z.number()]))

/**
 * Binds a fleet to another contract, if nothing of the old one is left that could be mistaken for the new one's: no live
 * worker, no job, no dead letter, and no receipt that is sealed with another key. Safe to repeat.
 *
 * A log of receipts belongs to one app. That of another app is set aside, whole, under a prefix of its own.
 *
 * @returns the prefix under which the former app's receipts are now; nothing where there are none
 * @throws {FleetInUseError} when something is left; nothing was changed
 */
export async function moveFleet(
  redis: RedisConnection,
  prefix: string,
  contract: FleetContract,
): Promise<string | undefined> {
  const left = await whatIsLeft(redis, prefix, contract)
  if (left.length > 0) throw new FleetInUseError(left)
  const aside = await setReceiptsAside(redis, prefix, contract)
  await rebindFleet(redis, prefix, contract)
  return aside
}

async function setReceiptsAside(
  redis: RedisConnection,
  prefix: string,
  { app }: FleetContract,
): Promise<string | undefined> {
  const { app: former } = await readContract(redis, prefix)
  const keys = keysOf(prefix)
  if (former === undefined || former === app || (await redis.exists(keys.receipts)) === 0) return undefined
  const aside = `${prefix}:app-${former}`
  const there = keysOf(aside)
  // One step, so that the log is under one prefix or the other.
  const step = redis.multi().copy(keys.fleet, there.fleet, 'REPLACE').copy(keys.fleetId, there.fleetId, 'REPLACE')
  for (const name of ['receipts', 'receiptLog', 'receiptCheckpoints'] as const) {
    if ((await redis.exists(keys[name])) === 1) step.rename(keys[name], there[name])
  }
  await step.del(keys.fleetId).exec()
  return aside
}

async function whatIsLeft(redis: RedisConnection, prefix: string, contract: FleetContract): Promise<string[]> {
  const keys = keysOf(prefix)
  const [workers, jobs, receipts, old] = await Promise.all([
    createFleetMembers(redis, prefix).read(),
    countJobs(redis, keys.queue),
    redis.xlen(keys.receipts),
    readContract(redis, prefix),
  ])
  const isOtherKey = old.key !== undefined && old.key !== contract.key
  return [
    ...(workers.length > 0 ? [`${workers.length} live workers (one that was killed counts for 20 s)`] : []),
    ...(jobs > 0 ? [`${jobs} jobs, dead letters included`] : []),
    ...(receipts > 0 && isOtherKey ? [`${receipts} receipts under another RECEIPT_KEY`] : []),
    ...((old.version ?? 0) > DATA_VERSION ? [`data of the newer version ${old.version}`] : []),
  ]
}

async function countJobs(redis: RedisConnection, queue: string): Promise<number> {
  const pipeline = redis.pipeline()
  for (const name of SETS) pipeline.zcard(queue + name)
  for (const name of LISTS) pipeline.llen(queue + name)
  return counts.parse(await pipeline.exec()).reduce((sum, [, jobs]) => sum + jobs, 0)
}
