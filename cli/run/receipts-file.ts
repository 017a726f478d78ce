import type { ExportSummary } from '../../jobs/receipts/export/export-receipts.ts'
import { writeProof } from './proof-files.ts'

const BUFFER_LENGTH = 65_536

/**
 * Writes an export into a file.
 *
 * @returns faults of the receipts in Redis, in words
 * @throws {RunError} when it cannot be written
 */
export const writeReceipts = (
  file: string,
  lines: AsyncGenerator<string, ExportSummary>,
): Promise<ExportSummary['troubles']> =>
  writeProof(file, async write => {
    let buffer = ''
    for (;;) {
      const { value, done } = await lines.next()
      if (done || buffer.length >= BUFFER_LENGTH) {
        await write(buffer)
        buffer = ''
      }
      if (done) return value.troubles
      buffer += `${value}\n`
    }
  })
