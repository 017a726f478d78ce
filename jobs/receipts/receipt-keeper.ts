import { z } from 'zod'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { type Checkpoint, Checkpoints, GENESIS } from './checkpoints.ts'
import type { ReceiptSeals } from './receipt-seals.ts'
import { chainAfter, findFirstSince, isGenuine, readOldest, readStored } from './stored-receipts.ts'

/** Connection, prefix and seals of a keeper. */
export interface ReceiptKeeperOptions {
  /** The caller closes it. */
  readonly redis: RedisConnection
  readonly prefix: string
  readonly seals: ReceiptSeals
  /** Days that receipts are kept. */
  readonly receiptDays: number
}

/**
 * Least number of receipts between two checkpoints that are kept for good; one that comes earlier stays only until the
 * next. A checkpoint takes some hundred bytes, little beside 500 receipts. An export holds this many at a time.
 */
const RECEIPTS_BETWEEN = 500
/** Receipts read and checked at once, which holds up the calls of this process by a few milliseconds only. */
const CHUNK = 200
/** Most receipts that one call of {@link ReceiptKeeper.trim} removes. */
const TRIM_AT_MOST = 5000

const stateSchema = z.tuple([z.coerce.number(), z.coerce.number(), z.string()])

/**
 * Keeps the receipts of a fleet provable: seals checkpoints over new receipts of their chain, and removes receipts that
 * are older than `RECEIPT_DAYS`.
 *
 * Any process with the key may do it, several at once too: they come to the same result.
 */
export class ReceiptKeeper {
  readonly #options: ReceiptKeeperOptions
  readonly #checkpoints: Checkpoints
  /** The last checkpoint that this process has seen. If Redis holds only older ones, somebody removed it. */
  #known: Checkpoint = GENESIS

  constructor(options: ReceiptKeeperOptions) {
    this.#options = options
    this.#checkpoints = new Checkpoints(options.redis, options.prefix, options.seals)
  }

  /**
   * Checks each receipt since the last checkpoint, then seals a checkpoint over all receipts.
   *
   * @returns `broken` where they do not fit together: somebody changed them in Redis. One checkpoint then says so.
   */
  async makeCheckpoint(): Promise<'good' | 'broken' | 'nothing_new'> {
    const { redis, prefix } = this.#options
    const state = stateSchema.safeParse(await redis.hmget(keysOf(prefix).receiptChain, 'seq', 'at', 'chain'))
    if (!state.success) return this.#known === GENESIS ? 'nothing_new' : this.#tellLoss()
    const [seq, at, chain] = state.data
    const [last = GENESIS, before = GENESIS] = await this.#checkpoints.newest(2)
    if (seq < this.#known.seq || last.seq < this.#known.seq) return this.#tellLoss()
    this.#known = last
    if (seq <= last.seq) return 'nothing_new'

    const passed: Checkpoint[] = []
    const folded = await this.#fold(last, seq, each => passed.push(each))
    const good = folded?.seq === seq && folded.at === at && folded.chain === chain
    for (const each of good ? passed : []) await this.#checkpoints.add(each)
    this.#known = { seq, at, chain, state: good ? 'good' : 'broken' }
    await this.#checkpoints.add(this.#known)
    // Drops the checkpoint before, which was temporary. A broken one stays, so that only its receipts count as damaged.
    if (good && last.state === 'good' && last.seq - before.seq < RECEIPTS_BETWEEN) {
      await this.#checkpoints.dropBetween(before.seq, passed[0]?.seq ?? seq)
    }
    return good ? 'good' : 'broken'
  }

  /** Removes receipts older than `RECEIPT_DAYS`, at most 5,000 a call, and leaves a checkpoint in their place. */
  async trim(now: number): Promise<void> {
    const { redis, prefix, receiptDays } = this.#options
    const keptSince = now - receiptDays * 86_400_000
    const oldest = await readOldest(redis, prefix)
    if (oldest === undefined || oldest.at >= keptSince) return
    const firstKept = await findFirstSince(redis, prefix, keptSince)
    const upTo = Math.min(firstKept - 1, oldest.seq + TRIM_AT_MOST - 1, this.#known.seq)
    const lastOld = await this.#lastOld(oldest.seq, upTo, keptSince)
    // The anchor holds the chain's value there, from which the kept receipts can be proved. If somebody tampered with
    // the removed ones, the next checkpoint shows it.
    let anchor = await this.#checkpoints.atOrBefore(lastOld)
    while (anchor.seq < lastOld) {
      const chunk = await readStored(redis, prefix, { from: anchor.seq + 1, to: lastOld, count: CHUNK })
      for (const receipt of chunk) {
        anchor = { seq: receipt.seq, at: receipt.at, chain: chainAfter(anchor.chain, receipt), state: 'good' }
      }
      if (chunk.length === 0) break
    }
    await this.#checkpoints.add({ ...anchor, state: 'anchor' })
    await redis.xtrim(keysOf(prefix).receipts, 'MINID', lastOld + 1)
    await this.#checkpoints.dropBetween(-1, anchor.seq)
  }

  /** Gives the last number before the first young receipt. Times fall from one to the next where a clock went back. */
  async #lastOld(from: number, upTo: number, keptSince: number): Promise<number> {
    const { redis, prefix } = this.#options
    for (let next = from; next <= upTo; ) {
      const chunk = await readStored(redis, prefix, { from: next, to: upTo, count: CHUNK })
      const young = chunk.find(receipt => receipt.at >= keptSince)
      if (young !== undefined) return young.seq - 1
      next = (chunk.at(-1)?.seq ?? upTo) + 1
    }
    return upTo
  }

  /** Follows the chain from a checkpoint; gives nothing where a receipt is missing or was changed. */
  async #fold(
    from: Checkpoint,
    toSeq: number,
    onPassed: (checkpoint: Checkpoint) => void,
  ): Promise<Checkpoint | undefined> {
    const { redis, prefix, seals } = this.#options
    let end = from
    while (end.seq < toSeq) {
      const chunk = await readStored(redis, prefix, { from: end.seq + 1, to: toSeq, count: CHUNK })
      for (const receipt of chunk) {
        if (receipt.seq !== end.seq + 1 || !isGenuine(receipt, seals)) return undefined
        end = { seq: receipt.seq, at: receipt.at, chain: chainAfter(end.chain, receipt), state: 'good' }
        if ((end.seq - from.seq) % RECEIPTS_BETWEEN === 0 && end.seq < toSeq) onPassed(end)
      }
      if (chunk.length === 0) return undefined
    }
    return end
  }

  /** Reports once that receipts or checkpoints are gone that this process has seen. */
  #tellLoss(): 'broken' {
    this.#known = GENESIS
    return 'broken'
  }
}
