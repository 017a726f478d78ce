import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import type { ReceiptSeals } from './receipt-seals.ts'

/** A receipt as it stands in Redis, genuine or not. */
export interface StoredReceipt {
  readonly seq: number
  /** When it was written, epoch ms. */
  readonly at: number
  /** Its content as text; see {@link parseContent}. */
  readonly content: string
  /** The worker's seal over the content. */
  readonly seal: string
}

const entriesSchema = z.array(z.tuple([z.string(), z.array(z.string())]))

/**
 * Reads receipts in the order of their numbers.
 *
 * @param from first number, inclusive
 * @param to last number, inclusive
 * @param count at most this many
 */
export async function readStored(
  redis: RedisConnection,
  prefix: string,
  range: { readonly from: number; readonly to: number; readonly count: number },
): Promise<readonly StoredReceipt[]> {
  if (range.to < range.from) return []
  const { receipts } = keysOf(prefix)
  const entries = await redis.xrange(receipts, String(range.from), String(range.to), 'COUNT', range.count)
  return entriesSchema.parse(entries).map(([id, pairs]) => toStored(id, pairs))
}

/** Reads the oldest receipt that is kept. */
export async function readOldest(redis: RedisConnection, prefix: string): Promise<StoredReceipt | undefined> {
  const [entry] = entriesSchema.parse(await redis.xrange(keysOf(prefix).receipts, '-', '+', 'COUNT', 1))
  return entry === undefined ? undefined : toStored(...entry)
}

/**
 * Finds the first receipt that is not older than a time, by halving. Where the clock of Redis went back meanwhile, times
 * fall from one receipt to the next; then it finds one of the places at which they pass the given time.
 *
 * @param sinceMs epoch ms
 * @returns its number; the number behind the last receipt where all are older
 */
export async function findFirstSince(redis: RedisConnection, prefix: string, sinceMs: number): Promise<number> {
  const newest = entriesSchema.parse(await redis.xrevrange(keysOf(prefix).receipts, '+', '-', 'COUNT', 1))[0]
  let from = (await readOldest(redis, prefix))?.seq ?? 1
  let to = newest === undefined ? from : toStored(...newest).seq + 1
  while (from < to) {
    const middle = Math.floor((from + to) / 2)
    const [receipt] = await readStored(redis, prefix, { from: middle, to: to - 1, count: 1 })
    if (receipt === undefined || receipt.at >= sinceMs) to = middle
    else from = receipt.seq + 1
  }
  return from
}

function toStored(id: string, pairs: readonly string[]): StoredReceipt {
  const [seq, at] = id.split('-').map(Number)
  // Any client of Redis may have changed the entry. One that lacks a field fails its seal.
  const [contentName, content, sealName, seal] = pairs
  const isReadable = pairs.length === 4 && contentName === 'content' && sealName === 'seal'
  return { seq: seq ?? 0, at: at ?? 0, content: (isReadable && content) || '', seal: (isReadable && seal) || '' }
}

/** Whether a worker with the key has sealed this content of a receipt. */
export const isGenuine = (receipt: StoredReceipt, seals: ReceiptSeals): boolean =>
  receipt.seal === seals.content(receipt.content)

/** Gives the chain's value after a receipt, as `ledger.lua` makes it. Before the first receipt it is empty. */
export function chainAfter(chain: string, { seq, at, seal }: StoredReceipt): string {
  return createHash('sha1').update(`${chain}|${seq}|${at}|${seal}`).digest('hex')
}
