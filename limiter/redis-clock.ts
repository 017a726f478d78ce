/**
 * Tells when a moment of Redis' clock comes on this process's own steady clock.
 *
 * Each answer of Redis carries the server's time, and the truth lies between sending and receiving. So each answer gives
 * two bounds of how far the clocks are apart, and what lies within the bounds of all answers is kept: the quickest way
 * to Redis of one answer and the quickest way back of another tell together. A slow answer then moves nothing. The
 * bounds widen with time, since clocks drift apart.
 *
 * An answer whose bounds have nothing in common with what is known proves that one of the two clocks jumped. No delay on
 * the way can look like that.
 */
export class RedisClock {
  #bounds: Bounds | undefined
  /** Answers since the offset moved by more than a little. */
  #answers = 0
  /** Where it was then. */
  #offsetThen = 0

  /**
   * Takes in an answer.
   *
   * @param sentAt steady ms when the question was sent
   * @param receivedAt steady ms when the answer was here
   * @param redisMs Redis' time in the answer, ms
   * @returns `false` when this proves a jump; the clock then starts anew from this answer
   */
  observe(sentAt: number, receivedAt: number, redisMs: number): boolean {
    const seen: Bounds = { least: redisMs - receivedAt, most: redisMs - sentAt, at: receivedAt }
    const known = this.#bounds
    if (known === undefined) return this.#startFrom(seen, true)
    const idleMs = receivedAt - known.at
    const driftMs = idleMs * EXPECTED_DRIFT
    const least = Math.max(seen.least, known.least - driftMs)
    const most = Math.min(seen.most, known.most + driftMs)
    const apartMs = least - most
    if (apartMs > ALWAYS_MS + idleMs * POSSIBLE_DRIFT) return this.#startFrom(seen, false)
    if (idleMs > FORGET_AFTER_MS) return this.#startFrom(seen, true)
    // Drifted a little further than expected: the truth lies between what was known and what is seen.
    this.#bounds = { least: Math.min(least, most), most: Math.max(least, most), at: receivedAt }
    this.#count()
    return true
  }

  /**
   * Whether enough is known for permits. Calls that are sent by a clock that is found out to be wrong by 50 ms later on
   * crowd together while it is put right; a few answers more before the first permit cost less.
   */
  get isSettled(): boolean {
    if (this.#bounds === undefined) return false
    return this.#bounds.most - this.#bounds.least <= WELL_KNOWN_MS || this.#answers >= ENOUGH_ANSWERS
  }

  /** Steady ms at which Redis' clock shows `redisMs`; the moment itself where Redis was never heard. */
  steadyAt(redisMs: number): number {
    return redisMs - this.#offset()
  }

  /** What Redis' clock shows at a steady time, in ms. */
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

/** Crystals are off by 50 millionths at most, two of them by twice that. Ten times as much would forget good answers. */
const EXPECTED_DRIFT = 0.0001
/** Two clocks may drift apart by this much without a jump: 0.1 %, twice what a clock does that is being slewed. */
const POSSIBLE_DRIFT = 0.001
const ALWAYS_MS = 1
/** After so long without a word the bounds are wider than a new answer's. */
const FORGET_AFTER_MS = 60_000
/** The middle is wrong by half of this at most, which is half of what the slots can bear. */
const WELL_KNOWN_MS = 10
/**
 * Where no answer is quick, what is known must have stayed the same for so many. With answers that take up to 200 ms, ten
 * answers of any kind let one run in two exceed the limit by a call, these let one in fifteen; over a steady 100 ms of
 * network they take 1.2 s.
 */
const ENOUGH_ANSWERS = 12
const STEADY_MS = 0.5
