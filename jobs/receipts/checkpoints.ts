import { z } from 'zod'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { ReceiptKeyError } from '../job/errors.ts'
import type { ReceiptSeals } from './receipt-seals.ts'

/** A seal over the chain up to a receipt, made by a process that has the key. */
export interface Checkpoint {
  /** Number of the last receipt it covers. */
  readonly seq: number
  /** When that receipt was written, epoch ms. */
  readonly at: number
  readonly chain: string
  /**
   * `broken`: the receipts in Redis since the checkpoint before did not fit together. `anchor`: the receipts before it
   * were trimmed.
   */
  readonly state: 'good' | 'broken' | 'anchor'
}

/** The beginning of a chain from which nothing was trimmed. */
export const GENESIS: Checkpoint = { seq: 0, at: 0, chain: '', state: 'good' }

const memberSchema = z.tuple([
  z.coerce.number(),
  z.coerce.number(),
  z.string(),
  z.enum(['good', 'broken', 'anchor']),
  z.string(),
])

/** The sealed checkpoints of a fleet, in a sorted set by number. */
export class Checkpoints {
  readonly #redis: RedisConnection
  readonly #key: string
  readonly #fleetKey: string
  readonly #seals: ReceiptSeals

  constructor(redis: RedisConnection, prefix: string, seals: ReceiptSeals) {
    this.#redis = redis
    this.#key = keysOf(prefix).receiptCheckpoints
    this.#fleetKey = keysOf(prefix).fleet
    this.#seals = seals
  }

  /**
   * Makes sure that the receipts in this Redis are sealed with this key. Receipts under two keys could not be verified
   * together. Reads only: a mistyped key must not become the fleet's.
   *
   * @throws {ReceiptKeyError} when they are sealed with another one
   */
  async requireKey(): Promise<void> {
    if ((await this.keyInUse()) === 'another') throw new ReceiptKeyError()
  }

  /**
   * As {@link requireKey}, for a command that writes receipts, perhaps before the first worker: the key becomes the
   * fleet's where it has none.
   */
  async useKey(): Promise<void> {
    // Writes only where there is none, so that it also works while the memory of Redis is full.
    if ((await this.keyInUse()) === 'none') await this.#redis.hsetnx(this.#fleetKey, 'key', this.#seals.keyId)
    await this.requireKey()
  }

  /** Reads with which key the receipts in this Redis are sealed; `none` before the first worker. */
  async keyInUse(): Promise<'this' | 'another' | 'none'> {
    const mark = await this.#redis.hget(this.#fleetKey, 'key')
    if (mark === null) return 'none'
    return mark === this.#seals.keyId ? 'this' : 'another'
  }

  /** Reads the last `count` checkpoints, newest first. */
  async newest(count: number): Promise<readonly Checkpoint[]> {
    return this.#parse(await this.#redis.zrevrange(this.#key, 0, count - 1))
  }

  /** Reads the last checkpoint that covers nothing after `seq`, or gives the beginning. */
  async atOrBefore(seq: number): Promise<Checkpoint> {
    const found = await this.#redis.zrevrangebyscore(this.#key, seq, '-inf', 'LIMIT', 0, 1)
    return this.#parse(found)[0] ?? GENESIS
  }

  /** Reads the checkpoint at which the kept receipts begin. A process with the key has trimmed those before it. */
  async anchor(): Promise<Checkpoint> {
    const [first] = await this.after(-1, 1)
    return first?.state === 'anchor' ? first : GENESIS
  }

  /** Reads the first `count` checkpoints behind `seq`, oldest first. */
  async after(seq: number, count: number): Promise<readonly Checkpoint[]> {
    return this.#parse(await this.#redis.zrangebyscore(this.#key, `(${seq}`, '+inf', 'LIMIT', 0, count))
  }

  async add(checkpoint: Checkpoint): Promise<void> {
    const { seq, at, chain, state } = checkpoint
    const seal = this.#seals.checkpoint([seq, at, chain, state])
    await this.#redis.zadd(this.#key, seq, [seq, at, chain, state, seal].join(' '))
  }

  /** Drops superfluous checkpoints: those between two numbers, both exclusive. */
  async dropBetween(fromSeq: number, toSeq: number): Promise<void> {
    await this.#redis.zremrangebyscore(this.#key, `(${fromSeq}`, `(${toSeq}`)
  }

  #parse(members: readonly string[]): Checkpoint[] {
    return members.flatMap(member => {
      const parsed = memberSchema.safeParse(member.split(' '))
      if (!parsed.success) return []
      const [seq, at, chain, state, seal] = parsed.data
      // Ignores a checkpoint that was not sealed with the key; the next genuine one then covers its receipts.
      return seal === this.#seals.checkpoint([seq, at, chain, state]) ? [{ seq, at, chain, state }] : []
    })
  }
}
