import { z } from 'zod'
import { exportReceipts } from '../../jobs/receipts/export/export-receipts.ts'
import { createReceiptSeals } from '../../jobs/receipts/keys/receipt-seals.ts'
import { verifyReceipts } from '../../jobs/receipts/verify/verify-receipts.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import type { LedgerLine } from './vendor.ts'

/** Counts from the receipts of the demo. */
export interface ReceiptFacts {
  readonly receipts: number
  /** Number of faults that verifying an export has found. */
  readonly findings: number
  /** Accounts of the vendor's ledger with exactly one receipt, whose outcome agrees with the ledger. */
  readonly matching: number
}

const receiptSchema = z.object({ kind: z.literal('receipt'), account: z.string(), outcome: z.string() })

/** Exports the receipts, verifies the export as an auditor would, and compares it with the vendor's ledger. */
export async function checkReceipts(
  redis: RedisConnection,
  prefix: string,
  receiptKey: string,
  ledger: readonly LedgerLine[],
): Promise<ReceiptFacts> {
  const seals = createReceiptSeals(receiptKey)
  const lines: string[] = []
  for await (const line of exportReceipts({ redis, prefix, seals })) lines.push(line)
  const file = { name: 'the export', open: () => lines }
  const { findings } = await verifyReceipts([file], { publicKey: seals.signing.publicKey })
  const receipts = lines.flatMap(line => receiptSchema.safeParse(JSON.parse(line)).data ?? [])
  const outcomesOf = Map.groupBy(receipts, receipt => receipt.account)
  const matching = ledger.filter(({ account, imported }) => {
    const own = outcomesOf.get(seals.pseudonymOf(account)) ?? []
    return own.length === 1 && own[0]?.outcome === (imported ? 'cleared' : 'not_imported')
  })
  return { receipts: receipts.length, findings: findings.length, matching: matching.length }
}
