import { z } from 'zod'
import { parseJson } from '../../config/parse-json.ts'
import type { ExportSummary } from '../../jobs/receipts/export/export-receipts.ts'
import { writeProof } from './proof-files.ts'

/** Counts of the receipts of a run. */
export interface ReceiptSums {
  readonly receipts: number
  /** Cleared accounts whose list was seen empty; cleared ones whose list could not be read. */
  readonly verified: number
  readonly unproved: number
  /** Faults of the receipts in Redis, in words. */
  readonly troubles: readonly string[]
}

const BUFFER_LENGTH = 65_536
const receiptSchema = z.object({ kind: z.literal('receipt'), outcome: z.string(), verified: z.string() })

/**
 * Writes an export into a file, and counts its receipts.
 *
 * @throws {RunError} when it cannot be written
 */
export const writeReceipts = (file: string, lines: AsyncGenerator<string, ExportSummary>): Promise<ReceiptSums> =>
  writeProof(file, write => writeLines(lines, write))

async function writeLines(
  lines: AsyncGenerator<string, ExportSummary>,
  write: (text: string) => Promise<void>,
): Promise<ReceiptSums> {
  const sums = { receipts: 0, verified: 0, unproved: 0 }
  let buffer = ''
  for (;;) {
    const { value, done } = await lines.next()
    if (done || buffer.length >= BUFFER_LENGTH) {
      await write(buffer)
      buffer = ''
    }
    if (done) return { ...sums, troubles: value.troubles }
    buffer += `${value}\n`
    const receipt = receiptSchema.safeParse(parseJson(value)).data
    if (receipt !== undefined) sums.receipts += 1
    if (receipt?.outcome !== 'cleared') continue
    if (receipt.verified === 'yes') sums.verified += 1
    if (receipt.verified === 'no') sums.unproved += 1
  }
}
