import { type JobNames, loadJobNames } from '../jobs/job/job-names.ts'

import { type ClearFriendsQueue, openQueue } from '../jobs/job/queue.ts'
import { ReceiptKeeper } from '../jobs/receipts/keep/receipt-keeper.ts'
import { requireOwnLog } from '../jobs/receipts/keep/require-own-log.ts'
import { createReceiptSeals } from '../jobs/receipts/keys/receipt-seals.ts'
import { Sealer } from '../jobs/receipts/keys/sealer.ts'
import { writeEntry } from '../jobs/receipts/write-entry.ts'
import { createSettlement, type Settlement } from '../jobs/settle/settlement.ts'
import { bindFleet, contractOf, type FleetContract, requireFleet } from '../jobs/status/fleet-contract.ts'
import { createFleetControl, type FleetControl } from '../jobs/status/fleet-control.ts'
import { systemClock } from '../limiter/clock.ts'
import { type RedisConnection, waitUntilReady } from '../redis/connection.ts'
import { openRedis } from '../redis/open-redis.ts'
import type { ClosingList } from './closing-list.ts'
import { Bond } from './halt/bond.ts'
import type { Logger } from './observe/log.ts'
import { EventsWatch } from './upkeep/events-watch.ts'
import { LeaseWatch } from './upkeep/lease-watch.ts'
import { ReceiptWatch } from './upkeep/receipt-watch.ts'
import type { WorkerSettings } from './worker-settings.ts'

/** Connections of a worker to Redis, and the parts that write there. */
export interface Stores {
  /** For jobs, receipts and the fleet's state: its commands wait while Redis is away. */
  readonly redis: RedisConnection
  /** For permits alone: its commands fail at once while Redis is away. */
  readonly permitsRedis: RedisConnection
  readonly contract: FleetContract
  readonly bond: Bond

  readonly queue: ClearFriendsQueue
  readonly control: FleetControl
  readonly jobNames: JobNames
  readonly settlement: Settlement
  /** Signs all that this process writes into the log of receipts. */
  readonly sealer: Sealer
}

/**
 * Connects to Redis, opens queue and receipts there, and starts their upkeep, which runs until the list is closed.
 *
 * @throws {RedisUnavailableError} when Redis does not answer, or refuses
 * @throws {ForeignFleetError} when the fleet is bound to another app, host, receipt key or data version
 */
export async function openStores(settings: WorkerSettings, log: Logger, closing: ClosingList): Promise<Stores> {
  const prefix = settings.REDIS_PREFIX
  const redis = closing.add(openRedis(settings, 'worker'), each => each.disconnect())
  const permitsRedis = closing.add(openRedis(settings, 'permits'), each => each.disconnect())
  // Each command reports its own failure. Without these listeners an outage would end the process.
  redis.on('error', error => log.debug({ err: error }, 'Redis connection'))
  permitsRedis.on('error', error => log.debug({ err: error }, 'Redis connection for permits'))
  await waitUntilReady(permitsRedis)
  const queue = closing.add(await openQueue(redis, prefix), each => each.close())
  const seals = createReceiptSeals(settings.RECEIPT_KEY.reveal())
  const contract = contractOf(settings, seals)
  await requireFleet(redis, prefix, contract)
  await requireOwnLog(redis, prefix, seals, contract.app)
  await bindFleet(redis, prefix, contract)
  const sealer = new Sealer({ redis, prefix, seals, app: contract.app })
  const publicKey = seals.signing.publicKey.toString('base64')
  await writeEntry(redis, prefix, sealer, {
    kind: 'start',
    says: { app: contract.app, host: contract.host, publicKey, verify: settings.VERIFY },
  })
  closing.add(new EventsWatch(redis, prefix, log), each => each.close())
  closing.add(new LeaseWatch(redis, prefix, log), each => each.close())
  redis.on('close', () => closing.hasBegun || log.warn('the connection to Redis is gone; no calls until it is back'))
  redis.on('ready', () => log.info('the connection to Redis is back'))
  const receiptOptions = { redis, prefix, seals, sealer, receiptDays: settings.RECEIPT_DAYS }
  const keeper = new ReceiptKeeper(receiptOptions)
  closing.add(new ReceiptWatch({ redis, prefix, keeper, clock: systemClock, log }), each => each.close())
  const control = createFleetControl(redis, queue, prefix)
  const bond = new Bond(redis, prefix, contract)
  const jobNames = await loadJobNames(redis, prefix)
  return {
    redis,
    permitsRedis,
    contract,
    bond,

    queue,
    control,
    jobNames,
    sealer,
    settlement: createSettlement({ ...receiptOptions, missingShare: settings.MISSING_SHARE, app: contract.app }),
  }
}
