import { openQueue } from '../jobs/job/queue.ts'
import { Checkpoints } from '../jobs/receipts/checkpoints.ts'
import { ReceiptKeeper } from '../jobs/receipts/receipt-keeper.ts'
import { createReceiptSeals } from '../jobs/receipts/receipt-seals.ts'
import { createSettlement, type Settlement } from '../jobs/settle/settlement.ts'
import { createFleetControl, type FleetControl } from '../jobs/status/fleet-control.ts'
import { systemClock } from '../limiter/clock.ts'
import { type RedisConnection, waitUntilReady } from '../redis/connection.ts'
import { openRedis } from '../redis/open-redis.ts'
import type { ClosingList } from './closing-list.ts'
import type { Logger } from './observe/log.ts'
import { EventsWatch } from './upkeep/events-watch.ts'
import { ReceiptWatch } from './upkeep/receipt-watch.ts'
import type { WorkerSettings } from './worker-settings.ts'

/** Connections of a worker to Redis, and the parts that write there. */
export interface Stores {
  /** For jobs, receipts and the fleet's state: its commands wait while Redis is away. */
  readonly redis: RedisConnection
  /** For permits alone: its commands fail at once while Redis is away. */
  readonly permitsRedis: RedisConnection
  readonly control: FleetControl
  readonly settlement: Settlement
}

/**
 * Connects to Redis, opens queue and receipts there, and starts their upkeep, which runs until the list is closed.
 *
 * @throws {RedisUnavailableError} when Redis does not answer, or refuses
 * @throws {ReceiptKeyError} when the receipts in Redis are sealed with another key
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
  closing.add(new EventsWatch(redis, prefix, log), each => each.close())
  redis.on('close', () => closing.hasBegun || log.warn('the connection to Redis is gone; no calls until it is back'))
  redis.on('ready', () => log.info('the connection to Redis is back'))
  const seals = createReceiptSeals(settings.RECEIPT_KEY.reveal())
  const receiptOptions = { redis, prefix, seals, receiptDays: settings.RECEIPT_DAYS }
  await new Checkpoints(redis, prefix, seals).requireKey()
  const keeper = new ReceiptKeeper(receiptOptions)
  closing.add(new ReceiptWatch({ redis, prefix, keeper, clock: systemClock, log }), each => each.close())
  const control = createFleetControl(redis, queue, prefix)
  return { redis, permitsRedis, control, settlement: createSettlement(receiptOptions) }
}
