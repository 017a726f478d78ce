import { z } from 'zod'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { type Checkpoint, Checkpoints, GENESIS } from './checkpoints.ts'
import type { ReceiptSeals } from './receipt-seals.ts'
import { chainAfter, findFirstSince, isGenuine, readOldest, readStored } from './stored-receipts.ts'

/** What a keeper is made from. */
export interface ReceiptKeeperOptions {
  /** Stays the caller's. */
  readonly redis: RedisConnection
  readonly prefix: string
  readonly seals: ReceiptSeals
  /** How long receipts stay. */
  readonly receiptDays: number
}

/**
 * A checkpoint at least this many receipts after the kept one before it is kept for good; younger ones give way to the
 * next. A checkpoint takes some hundred bytes, little beside these receipts, and an export holds this many receipts at
 * a time.
 */
const RECEIPTS_BETWEEN = 500
/** Small enough that the checks of a chunk hold up the calls of this process by a few milliseconds only. */
const CHUNK = 200
/** Receipts that one call of {@link ReceiptKeeper.trim} takes away at most. */
const TRIM_AT_MOST = 5000

const stateSchema = z.tuple([z.coerce.number(), z.coerce.number(), z.string()])

/**
 * Keeps the receipts of a fleet provable: seals checkpoints of their chain while what they cover is young, and takes
 * away what is older than `RECEIPT_DAYS`.
 *
 * Any process with the key may do it, several at once too: they come to the same result.
 */
export class ReceiptKeeper {
  readonly #options: ReceiptKeeperOptions
  readonly #checkpoints: Checkpoints
  /** The last checkpoint this process knows of. Redis cannot have less, unless somebody took it away. */
  #known: Checkpoint = GENESIS

  constructor(options: ReceiptKeeperOptions) {
    this.#options = options
    this.#checkpoints = new Checkpoints(options.redis, options.prefix, options.seals)
  }

  /**
   * Seals a checkpoint over all receipts there are. Each receipt since the last one is checked before.
   *
   * @returns `broken` where they do not fit together: somebody changed them in Redis. It is sealed as such, once.
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
    // The one before was for the meantime. A broken one stays: it keeps the damage to what it covers.
    if (good && last.state === 'good' && last.seq - before.seq < RECEIPTS_BETWEEN) {
      await this.#checkpoints.dropBetween(before.seq, passed[0]?.seq ?? seq)
    }
    return good ? 'good' : 'broken'
  }

  /** Takes away receipts older than `RECEIPT_DAYS`, some thousand a call; a checkpoint stays in their place. */
  async trim(now: number): Promise<void> {
    const { redis, prefix, receiptDays } = this.#options
    const keptSince = now - receiptDays * 86_400_000
    const oldest = await readOldest(redis, prefix)
    if (oldest === undefined || oldest.at >= keptSince) return
    const firstKept = await findFirstSince(redis, prefix, keptSince)
    const lastOld = Math.min(firstKept - 1, oldest.seq + TRIM_AT_MOST - 1, this.#known.seq)
    // The chain there, so that what stays can be proved from there on. Where it was tampered with before, the next
    // checkpoint shows it.
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

  /** Follows the chain from a checkpoint; nothing where a receipt is missing or was changed. */
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

  /** Says once that receipts or checkpoints are gone that this process has seen. */
  #tellLoss(): 'broken' {
    this.#known = GENESIS
    return 'broken'
  }
}
