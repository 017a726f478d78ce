/**
 * The receipts' upkeep: one worker of the fleet seals and trims them every few seconds.
 *
 * What belongs in `upkeep/`: chores in Redis that no job causes. What does not: how receipts are sealed
 * (`jobs/receipts/`).
 */

import type { ReceiptKeeper } from '../../jobs/receipts/receipt-keeper.ts'
import type { Clock } from '../../limiter/clock.ts'
import { answerWithin } from '../../redis/answer-within.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import type { Logger } from '../observe/log.ts'

/** Parts of a watch over receipts. */
export interface ReceiptWatchOptions {
  readonly redis: RedisConnection
  readonly prefix: string
  readonly keeper: ReceiptKeeper
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Time between two turns. A receipt younger than this can be changed in Redis without a trace, so the time should be
 * short. Each turn costs the fleet a read of the receipts since the last one.
 */
const EVERY_MS = 5000
/** A little less than the time between two turns, so that the worker that had one can take the next. */
export const TURN_MS = 4500
/** An ending process waits this long for Redis, and no longer: another worker takes the next turn. */
const LAST_WITHIN_MS = 2000

/** Seals and trims the receipts every 5 s if it is this worker's turn, and once more when the process ends. */
export class ReceiptWatch {
  readonly #options: ReceiptWatchOptions
  readonly #timer: NodeJS.Timeout
  #underWay: Promise<void> = Promise.resolve()

  constructor(options: ReceiptWatchOptions) {
    this.#options = options
    this.#timer = setInterval(() => {
      this.#underWay = this.#underWay.then(() => this.#takeTurn())
    }, EVERY_MS)
  }

  /** Seals all receipts there are, within 2 s, and stops. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    const kept = this.#underWay.then(() => this.#keep())
    await answerWithin(LAST_WITHIN_MS, kept)
  }

  async #takeTurn(): Promise<void> {
    const { redis, prefix, log } = this.#options
    // Commands would wait and pile up while Redis is away.
    if (redis.status !== 'ready') return
    try {
      const isOurs = (await redis.set(keysOf(prefix).receiptTurn, '1', 'PX', TURN_MS, 'NX')) !== null
      if (isOurs) await this.#keep()
    } catch (error) {
      log.debug({ err: error }, 'could not take a turn at keeping the receipts')
    }
  }

  async #keep(): Promise<void> {
    const { keeper, clock, log } = this.#options
    try {
      const made = await keeper.makeCheckpoint()
      if (made === 'broken') log.error('receipts in Redis were changed or taken away; `receipts export` tells which')
      await keeper.trim(clock.epochMs())
    } catch (error) {
      log.warn({ err: error }, 'the receipts could not be kept')
    }
  }
}
