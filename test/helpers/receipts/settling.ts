import { createHash } from 'node:crypto'
import type { FinalOutcome } from '../../../jobs/job/outcome.ts'
import { createReceiptSeals } from '../../../jobs/receipts/keys/receipt-seals.ts'
import type { FinalRecord } from '../../../jobs/receipts/sealed-receipt.ts'
import { createSettlement, type SettleResult, type WishInHand } from '../../../jobs/settle/settlement.ts'
import type { RedisConnection } from '../../../redis/connection.ts'

/** Makes a key of receipts for tests. It stands nowhere, so that nobody takes it for their own. */
export const receiptKeyOf = (name: string): string => createHash('sha256').update(`tests, ${name}`).digest('hex')

/** The key of receipts in tests. */
export const TEST_RECEIPT_KEY: string = receiptKeyOf('the key')

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
