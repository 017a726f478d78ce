/**
 * The upkeep of the log of receipts: one worker of the fleet signs its head and trims it every few seconds.
 *
 * What belongs in `upkeep/`: chores in Redis that no job causes. What does not: how the log is kept (`jobs/receipts/`).
 */

import type { KeepResult } from '../../jobs/receipts/keep/keep-result.ts'
import type { ReceiptKeeper } from '../../jobs/receipts/keep/receipt-keeper.ts'
import type { Clock } from '../../limiter/clock.ts'
import { OncePerMinute } from '../../limiter/once-per-minute.ts'
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

/** Time between two turns. What is younger than two of them stands in no head yet. Each costs the fleet a few reads. */
const EVERY_MS = 5000
/** A little less than the time between two turns, so that the worker that had one can take the next. */
export const TURN_MS = 4500
/** An ending process waits this long, and no longer: another worker takes the next turn. */
const LAST_WITHIN_MS = 4000

/** Keeps the log of receipts every 5 s if it is this worker's turn, and once more when the process ends. */
export class ReceiptWatch {
  readonly #options: ReceiptWatchOptions
  readonly #timer: NodeJS.Timeout
  readonly #oncePerMinute: OncePerMinute
  readonly #onReady = (): void => this.#next(() => this.#lookForLoss())
  #underWay: Promise<void> = Promise.resolve()

  constructor(options: ReceiptWatchOptions) {
    this.#options = options
    this.#oncePerMinute = new OncePerMinute(options.clock)
    this.#timer = setInterval(() => this.#next(() => this.#takeTurn()), EVERY_MS)
    options.redis.on('ready', this.#onReady)
    this.#onReady()
  }

  /** Signs a head over all entries there are, within 4 s, and stops. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#options.redis.off('ready', this.#onReady)
    const kept = this.#underWay.then(() => this.#keep(true))
    await answerWithin(LAST_WITHIN_MS, kept)
  }

  #next(act: () => Promise<void>): void {
    this.#underWay = this.#underWay.then(act)
  }

  async #takeTurn(): Promise<void> {
    const { redis, prefix, keeper, log } = this.#options
    // Commands would wait and pile up while Redis is away.
    if (redis.status !== 'ready') return
    await this.#lookForLoss()
    try {
      const isOurs = (await redis.set(keysOf(prefix).receiptTurn, '1', 'PX', TURN_MS, 'NX')) !== null
      if (isOurs || keeper.isSuspicious) await this.#keep(false)
    } catch (error) {
      log.debug({ err: error }, 'could not take a turn at keeping the receipts')
    }
  }

  async #lookForLoss(): Promise<void> {
    const { redis, keeper, log } = this.#options
    if (redis.status !== 'ready') return
    try {
      const entries = await keeper.lookForLoss()
      if (entries > 0) log.warn({ entries }, 'Redis has lost the last receipts of this worker; their jobs run again')
    } catch (error) {
      log.warn({ err: error }, 'this worker could not look whether Redis has lost receipts')
    }
  }

  async #keep(patient: boolean): Promise<void> {
    const { keeper, clock, log } = this.#options
    try {
      this.#tell(await keeper.keep(patient))
      await keeper.trim(clock.epochMs())
    } catch (error) {
      log.warn({ err: error }, 'the receipts could not be kept')
    }
  }

  #tell(result: KeepResult): void {
    const { log } = this.#options
    if (result.kind === 'suspect')
      log.warn({ fault: result.fault.what }, 'the log of receipts does not fit together; looking again')
    if (result.kind === 'broken' && this.#oncePerMinute.allows('broken')) {
      log.error(
        { fault: result.fault.what },
        'the log of receipts is broken: no head is signed until a person runs `receipts acknowledge`',
      )
    }
    // Whoever keeps the log of this process is a witness of the head.
    if (result.kind === 'kept' && this.#oncePerMinute.allows('head'))
      log.info({ head: result.note }, 'head of the receipts')
  }
}
