import { ForeignFleetError } from '../../jobs/job/errors.ts'
import { createReceiptSeals } from '../../jobs/receipts/keys/receipt-seals.ts'
import { contractOf, readContract, requireFleet } from '../../jobs/status/fleet-contract.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import type { WorkerSettings } from '../../worker/worker-settings.ts'
import { type CheckResult, failure, ok } from './check-result.ts'

const CHECK = 'fleet'

/** Checks whether the fleet in this Redis is bound to the app, host and receipt key of the settings. Reads only. */
export async function checkFleet(settings: WorkerSettings, redis: RedisConnection): Promise<CheckResult> {
  const prefix = settings.REDIS_PREFIX
  const contract = contractOf(settings, createReceiptSeals(settings.RECEIPT_KEY.reveal()))
  try {
    await requireFleet(redis, prefix, contract)
    const { app } = await readContract(redis, prefix)
    return ok(
      CHECK,
      app === undefined ? 'not bound yet; the first worker does it' : `of app ${app}, as the settings say`,
    )
  } catch (error) {
    if (!(error instanceof ForeignFleetError)) throw error
    return failure(CHECK, error.message, 'Workers with these settings do not start here.')
  }
}
