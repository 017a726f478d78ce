import type { FinalOutcome } from '../../../jobs/job/outcome.ts'
import type { FinalRecord } from '../../../jobs/receipts/receipt-content.ts'
import { createReceiptSeals } from '../../../jobs/receipts/receipt-seals.ts'
import { createSettlement, type SettleResult, type WishInHand } from '../../../jobs/settle/settlement.ts'
import type { RedisConnection } from '../../../redis/connection.ts'

/** The made-up key of receipts in tests. */
export const TEST_RECEIPT_KEY = 'a made-up key of receipts, for tests'

/**
 * Settles jobs as a worker that is lost before BullMQ could complete them. Details that a test does not give are made
 * up.
 */
export function testSettle(
  redis: RedisConnection,
  prefix: string,
): (
  jobId: string,
  outcome: FinalOutcome,
  particulars?: Partial<FinalRecord>,
  wish?: WishInHand,
) => Promise<SettleResult> {
  const seals = createReceiptSeals(TEST_RECEIPT_KEY)
  const { settle } = createSettlement({ redis, prefix, seals, receiptDays: 400 })
  return async (jobId, outcome, particulars = {}, wish) => {
    const end = {
      account: 'user_1',
      requests: [],
      outcome,
      verified: outcome === 'cleared' ? 'yes' : 'skipped',
      calls: 2,
      attempts: 1,
      enqueuedAt: Date.now(),
      ...particulars,
    } as const
    return settle(jobId, end, wish)
  }
}
