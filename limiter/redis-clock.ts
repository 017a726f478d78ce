/**
 * Translates between Redis' clock and the steady clock of this process.
 *
 * Each answer of Redis carries the server's time, read between sending and receiving. So each answer gives two bounds
 * of how far the clocks are apart, and the range within the bounds of all answers is kept: one answer may have the
 * quickest way to Redis and another the quickest way back. A slow answer then moves nothing. The bounds widen with
 * time, since clocks drift apart.
 *
 * An answer whose bounds have nothing in common with what is known proves that one of the two clocks jumped. No delay
 * on the way can look like that.
 */
export class RedisClock {
  #bounds: Bounds | undefined
  /** When the first answer came, steady ms. */
  #watchedFrom = Number.POSITIVE_INFINITY
  /** Answers since the offset last moved by more than {@link STEADY_MS}. */
  #answers = 0
  /** Offset after that move. */
  #offsetThen = 0

  /**
   * Takes in an answer.
   *
   * @param sentAt steady ms when the process sent the question
   * @param receivedAt steady ms when it had the answer
   * @param redisMs Redis' time in the answer, ms
   * @returns `false` when this proves a jump; the clock then starts anew from this answer
   */
  observe(sentAt: number, receivedAt: number, redisMs: number): boolean {
    const seen: Bounds = { least: redisMs - receivedAt, most: redisMs - sentAt, at: receivedAt }
    const known = this.#bounds
    this.#watchedFrom = Math.min(this.#watchedFrom, receivedAt)
    if (known === undefined) return this.#startFrom(seen, true)
    const idleMs = receivedAt - known.at
    const driftMs = idleMs * EXPECTED_DRIFT
    const least = Math.max(seen.least, known.least - driftMs)
    const most = Math.min(seen.most, known.most + driftMs)
    const apartMs = least - most
    if (apartMs > ALWAYS_MS + idleMs * POSSIBLE_DRIFT) return this.#startFrom(seen, false)
    if (idleMs > FORGET_AFTER_MS) return this.#startFrom(seen, true)
    // The bounds do not meet if the clocks drifted further than expected; the true offset lies between them.
    this.#bounds = { least: Math.min(least, most), most: Math.max(least, most), at: receivedAt }
    this.#count()
    return true
  }

  /**
   * Whether the offset is known well enough for permits. A clock that turns out 50 ms wrong makes calls crowd together
   * while it is corrected; a few more answers before the first permit cost less.
   */
  get isSettled(): boolean {
    if (this.#bounds === undefined) return false
    return this.#bounds.most - this.#bounds.least <= WELL_KNOWN_MS || this.#answers >= ENOUGH_ANSWERS
  }

  /** Gives for how long this process would have seen a jump, ms; 0 before the first answer. */
  watchedMs(steadyMs: number): number {
    return Math.max(0, steadyMs - this.#watchedFrom)
  }

  /** Gives the steady ms at which Redis' clock shows `redisMs`; `redisMs` itself before the first answer. */
  steadyAt(redisMs: number): number {
    return redisMs - this.#offset()
  }

  /** Gives the time of Redis' clock at a steady time, in ms. */
  redisAt(steadyMs: number): number {
    return steadyMs + this.#offset()
  }

  #startFrom(seen: Bounds, isTheSameClock: boolean): boolean {
    this.#bounds = seen
    this.#offsetThen = this.#offset()
    this.#answers = 1
    return isTheSameClock
  }

  #count(): void {
    this.#answers += 1
    if (Math.abs(this.#offset() - this.#offsetThen) <= STEADY_MS) return
    this.#offsetThen = this.#offset()
    this.#answers = 1
  }

  #offset(): number {
    return this.#bounds === undefined ? 0 : (this.#bounds.least + this.#bounds.most) / 2
  }
}

/** Bounds of Redis' time less the steady time, and the steady time at which they held. */
interface Bounds {
  readonly least: number
  readonly most: number
  readonly at: number
}

/** Crystals are off by 50 millionths at most, two by twice that. Ten times as much would forget good answers. */
const EXPECTED_DRIFT = 0.0001
/** Two clocks may drift apart by 0.1 % without a jump, twice as much as a clock that is being slewed. */
const POSSIBLE_DRIFT = 0.001
const ALWAYS_MS = 1
/** After this long without an answer the bounds are wider than those of a new one. */
const FORGET_AFTER_MS = 60_000
/** The middle of such bounds is wrong by 5 ms at most, which is half of the error that the slots can bear. */
const WELL_KNOWN_MS = 10
/**
 * Without quick answers the offset must have stayed the same for this many. With answers that take up to 200 ms, one
 * run in two exceeded the limit by a call after ten answers of any kind, and one in fifteen after these. Over a steady
 * 100 ms of network they take 1.2 s.
 */
const ENOUGH_ANSWERS = 12
const STEADY_MS = 0.5
