import { createReceiptSeals } from '../../jobs/receipts/keys/receipt-seals.ts'
import { openLog } from '../../jobs/receipts/read/open-log.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import type { WorkerSettings } from '../../worker/worker-settings.ts'
import { type CheckResult, failure, ok, warning } from './check-result.ts'

const CHECK = 'receipts'
/** Workers sign a head every few seconds. */
const OLD_HEAD_MS = 3_600_000

/** Checks whether the log of receipts fits together, as far as workers have found, and is signed. Reads only. */
export async function checkReceipts(settings: WorkerSettings, redis: RedisConnection): Promise<CheckResult> {
  const seals = createReceiptSeals(settings.RECEIPT_KEY.reveal())
  const log = await openLog(redis, settings.REDIS_PREFIX, seals)
  if (log === undefined || log.newest === 0) return ok(CHECK, 'none yet')
  const [trouble] = log.troubles
  if (trouble !== undefined) {
    return failure(CHECK, trouble, 'See docs/runbook.md, ClearFriendsReceiptsBroken.')
  }
  const uncovered = log.newest - (log.head?.size ?? 0)
  const isOld = log.head === undefined || Date.now() - log.head.time > OLD_HEAD_MS
  if (uncovered > 0 && isOld) {
    return warning(
      CHECK,
      `${uncovered} entries stand in no signed head`,
      'Start a worker: it signs one within seconds.',
    )
  }
  return ok(CHECK, `${log.newest} entries, ${log.head?.size ?? 0} of them in the signed head`)
}
