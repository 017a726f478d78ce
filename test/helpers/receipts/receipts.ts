import { exportReceipts } from '../../../jobs/receipts/export-receipts.ts'
import { createReceiptSeals } from '../../../jobs/receipts/receipt-seals.ts'
import { verifyReceipts } from '../../../jobs/receipts/verify-receipts.ts'
import type { RedisConnection } from '../../../redis/connection.ts'
import { keysOf } from '../../../redis/keys.ts'
import { TEST_RECEIPT_KEY, testSettle } from './settling.ts'

export const testSeals = createReceiptSeals(TEST_RECEIPT_KEY)

/** Settles `count` made-up jobs, of which only the hashes exist; every third belongs to `ticket-1`. */
export async function writeReceipts(redis: RedisConnection, prefix: string, count: number): Promise<void> {
  const settle = testSettle(redis, prefix)
  const before = Number((await redis.hget(keysOf(prefix).receiptChain, 'seq')) ?? 0)
  const write = async (number: number): Promise<void> => {
    const jobId = `made-up-${number}`
    await redis.hset(keysOf(prefix).queue + jobId, 'name', 'c')
    const request = number % 3 === 0 ? { requests: ['ticket-1'] } : {}
    await settle(jobId, 'cleared', { account: `user_${number}`, enqueuedAt: 1_795_000_000_000 + number, ...request })
  }
  for (let from = 1; from <= count; from += 500) {
    const numbers = Array.from({ length: Math.min(500, count - from + 1) }, (_, index) => before + from + index)
    await Promise.all(numbers.map(write))
  }
}

/** Exports all receipts into a list of lines. */
export async function exportedLines(options: Omit<Parameters<typeof exportReceipts>[0], 'seals'>): Promise<{
  lines: string[]
  troubles: readonly string[]
}> {
  const lines: string[] = []
  const exported = exportReceipts({ ...options, seals: testSeals })
  for (;;) {
    const { value, done } = await exported.next()
    if (done) return { lines, troubles: value.troubles }
    lines.push(value)
  }
}

/** Gives the faults of lines in short: kind, line, and the number of the receipt where it is known. */
export async function findingsIn(lines: readonly string[]): Promise<string[]> {
  const { findings } = await verifyReceipts(lines, testSeals)
  return findings.map(({ kind, line, seq }) => `${kind} ${line}${seq === null ? '' : ` (${seq})`}`)
}
