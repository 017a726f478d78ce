import { exportReceipts } from '../../../jobs/receipts/export/export-receipts.ts'
import { createReceiptSeals, type ReceiptSeals } from '../../../jobs/receipts/keys/receipt-seals.ts'
import { verifyReceipts } from '../../../jobs/receipts/verify/verify-receipts.ts'
import { TEST_RECEIPT_KEY } from './settling.ts'

export const testSeals = createReceiptSeals(TEST_RECEIPT_KEY)

/** Exports the log: all lines of the file, and those of receipts alone. */
export async function exportedLines(
  options: Omit<Parameters<typeof exportReceipts>[0], 'seals'>,
  seals: ReceiptSeals = testSeals,
): Promise<{ file: string[]; lines: string[]; troubles: readonly string[] }> {
  const file: string[] = []
  const exported = exportReceipts({ ...options, seals })
  for (;;) {
    const { value, done } = await exported.next()
    if (done) return { file, lines: file.filter(isReceipt), troubles: value.troubles }
    file.push(value)
  }
}

const isReceipt = (line: string): boolean => line.startsWith('{"v":2,"kind":"receipt"')

/** Gives the findings of a file in short: kind, line, and the number of the entry where it is known. */
export async function findingsIn(file: readonly string[], publicKey = testSeals.signing.publicKey): Promise<string[]> {
  const { findings } = await verifyReceipts([{ name: 'file', open: () => file }], { publicKey })
  return findings.map(({ kind, line, seq }) => `${kind} ${line}${seq === null ? '' : ` (${seq})`}`)
}
