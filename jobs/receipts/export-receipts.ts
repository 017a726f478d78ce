/**
 * The export of receipts: reads them from Redis, checks them, and seals the line of each proved one.
 *
 * What belongs in `jobs/receipts/`: a receipt's content and seals, the checkpoints over their chain
 * (`receipt-keeper.ts`), export and verification (`verify-receipts.ts`). What does not: writing a receipt, which is one
 * step with settling a job (`jobs/settle/`).
 */

import type { RedisConnection } from '../../redis/connection.ts'
import { isForbidden } from '../../redis/redis-refusal.ts'
import { type Checkpoint, Checkpoints } from './checkpoints.ts'
import { type BeginMark, LineSealer, type Receipt, toUnsealed } from './exported-line.ts'
import { ReceiptKeeper } from './receipt-keeper.ts'
import type { ReceiptSeals } from './receipt-seals.ts'
import { chainAfter, findFirstSince, isGenuine, readStored, type StoredReceipt } from './stored-receipts.ts'

/** Source and filters of an export. */
export interface ExportOptions {
  /** The caller closes it. */
  readonly redis: RedisConnection
  readonly prefix: string
  readonly seals: ReceiptSeals
  /** Only receipts behind this number, to go on after an interrupted export. Default 0. */
  readonly after?: number
  /** Only receipts from this time on, epoch ms. */
  readonly sinceMs?: number
  /** Only receipts of this request. */
  readonly request?: string
}

/** The result of an export. */
export interface ExportSummary {
  readonly lines: number
  /** The export is complete from the first receipt behind `after` up to `through`. */
  readonly after: number
  readonly through: number
  /** Faults of the receipts in Redis, in words. The exporter does not seal their lines. */
  readonly troubles: readonly string[]
}

const CHUNK = 500

interface Piece {
  readonly receipt: Omit<Receipt, 'seal'>
  readonly proved: boolean
}

/**
 * Exports receipts as lines of NDJSON, oldest first, in bounded memory. Checks each receipt against the seal of its
 * worker and against the checkpoints, and seals its line only where both fit.
 *
 * Before that, a new checkpoint covers the receipts that none covers yet, if this user of Redis may write.
 *
 * @returns the result, after the last line
 * @throws {ReceiptKeyError} when the receipts are sealed with another key
 */
export async function* exportReceipts(options: ExportOptions): AsyncGenerator<string, ExportSummary> {
  const { redis, prefix, seals, sinceMs, request = null } = options
  const checkpoints = new Checkpoints(redis, prefix, seals)
  await checkpoints.requireKey()
  const keeper = new ReceiptKeeper({ redis, prefix, seals, receiptDays: Number.POSITIVE_INFINITY })
  // An auditor who may only read gets what the workers have covered, which is all but the last five seconds.
  await keeper.makeCheckpoint().catch((error: unknown) => {
    if (!isForbidden(error)) throw error
  })
  const firstSince = sinceMs === undefined ? 1 : await findFirstSince(redis, prefix, sinceMs)
  const trimmed = await checkpoints.anchor()
  const after = Math.max(options.after ?? 0, firstSince - 1, trimmed.seq)

  const begin: BeginMark = { after, since: sinceMs === undefined ? null : new Date(sinceMs).toISOString(), request }
  const sealer = new LineSealer(seals)
  const troubles: string[] = []
  let lines = 0
  let through = after
  // The last line carries the end mark, so the exporter holds one line back.
  let held: Piece | undefined
  const sealHeld = (piece: Piece, last: boolean): string => {
    lines += 1
    return sealer.seal(piece.receipt, piece.proved, {
      ...(lines === 1 ? { begin } : {}),
      ...(last ? { end: { through } } : {}),
    })
  }
  for (let base = await checkpoints.atOrBefore(after), last = false; !last; ) {
    const ahead = await checkpoints.after(base.seq, CHUNK)
    last = ahead.length < CHUNK
    for (const checkpoint of ahead) {
      const block = await readBlock(options, base, checkpoint)
      troubles.push(...block.troubles)
      for (const { stored, proved } of block.receipts) {
        if (stored.seq <= after) continue
        const receipt = toUnsealed(stored)
        if (request !== null && !receipt.requests.includes(request)) continue
        if (held !== undefined) yield sealHeld(held, false)
        held = { receipt, proved }
      }
      base = checkpoint
      through = Math.max(through, checkpoint.seq)
    }
  }
  if (held !== undefined) yield sealHeld(held, true)
  return { lines, after, through, troubles }
}

interface Block {
  readonly receipts: readonly { readonly stored: StoredReceipt; readonly proved: boolean }[]
  readonly troubles: readonly string[]
}

/** Reads the receipts between two checkpoints, and judges for each whether it is proved. */
async function readBlock({ redis, prefix, seals }: ExportOptions, from: Checkpoint, to: Checkpoint): Promise<Block> {
  const receipts: StoredReceipt[] = []
  const troubles: string[] = []
  let { seq, chain } = from
  let complete = true
  while (seq < to.seq) {
    const chunk = await readStored(redis, prefix, { from: seq + 1, to: to.seq, count: CHUNK })
    for (const receipt of chunk) {
      if (receipt.seq !== seq + 1) {
        complete = false
        troubles.push(`${span(seq + 1, receipt.seq - 1)} missing from Redis`)
      }
      seq = receipt.seq
      chain = chainAfter(chain, receipt)
      receipts.push(receipt)
    }
    if (chunk.length === 0) {
      complete = false
      troubles.push(`${span(seq + 1, to.seq)} missing from Redis`)
      break
    }
  }
  const chained = complete && to.state === 'good' && chain === to.chain
  if (!chained) {
    troubles.push(`${span(from.seq + 1, to.seq)} not sealed: their order, number or times were changed in Redis`)
  }
  const judged = receipts.map(stored => ({ stored, genuine: isGenuine(stored, seals) }))
  for (const { stored, genuine } of judged) {
    if (!genuine) troubles.push(`${span(stored.seq, stored.seq)} not sealed: the content was changed in Redis`)
  }
  return { receipts: judged.map(({ stored, genuine }) => ({ stored, proved: chained && genuine })), troubles }
}

const span = (from: number, to: number): string =>
  from === to ? `receipt ${from} is` : `receipts ${from} to ${to} are`
