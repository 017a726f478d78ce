import { lstat, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { parseJson } from '../../config/parse-json.ts'
import type { ExportSummary } from '../../jobs/receipts/export/export-receipts.ts'
import { createOwnFile, ownFileFault, removeOwnFile, syncFolder } from '../import/files/own-file.ts'
import { RunError } from './run-error.ts'

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
 * Refuses to begin a run that would replace receipts of an earlier one: they are proof, and may be the only copy.
 *
 * @throws {RunError} when something has that name
 */
export async function requireNoReceipts(file: string): Promise<void> {
  if ((await lstat(file).catch(() => undefined)) === undefined) return
  throw new RunError(
    `${file}: it is there already, so this list has been run to its end, or another one of its name. ` +
      'Keep those receipts in another place, or give the list another name.',
  )
}

/**
 * Writes receipts into a file that only this user may read, never through a link. The file appears, or takes the place of
 * the one of an earlier process of this run, when all of it is on the disk.
 *
 * @throws {RunError} when it cannot be written
 */
export async function writeReceipts(file: string, lines: AsyncGenerator<string, ExportSummary>): Promise<ReceiptSums> {
  const next = `${file}.next`
  const failed = (error: unknown): never => {
    throw new RunError(
      `${file}: the receipts cannot be written (${ownFileFault(error)}). Make that possible, and run this again.`,
    )
  }
  const handle = await removeOwnFile(next)
    .then(() => createOwnFile(next))
    .catch(failed)
  try {
    const sums = await writeLines(lines, text => handle.writeFile(text).catch(failed))
    await handle.sync().catch(failed)
    await rename(next, file).catch(failed)
    await syncFolder(dirname(file))
    return sums
  } finally {
    await handle.close()
  }
}

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
