/**
 * Size of the sample. A lone process at 200 calls/s fills it in 0.6 s. With 64, a single 50 ms stall would make up a
 * tenth of the sample and pass for normal.
 */
const REMEMBERED = 128
/** The usual time is computed anew after this many answers. Sorting for each answer would cost more than it gains. */
const LOOK_AFTER = 16
/**
 * The first look waits for so many. In a sample of 16, three answers that a jam of 30 ms delayed passed for usual, and
 * the second after the jam held a call too many.
 */
const LOOK_FROM = 64
/**
 * While processes start, a third of the calls are delayed. So the first 64 answers are compared with the fastest of
 * them and kept out of the sample; otherwise no delay would show for seconds. Eight programs on two cores need longer
 * to start than 32 answers take.
 */
const FIRST = 64
const UNUSUAL_AT_FIRST_MS = 6
/**
 * An answer counts as late when it exceeds the median by 3 ms plus twice the distance from the median to the 90th
 * percentile.
 */
const UNUSUAL_MS = 3
const UNUSUAL_TIMES = 2
/**
 * A call counts as held up by 50 ms at most, since a longer time is mostly the vendor's own work. Where one call in ten
 * is slow, 100 ms would cost 1 % of the ceiling.
 */
const AT_MOST_MS = 50

/**
 * Estimates how late a call arrived at the vendor, from how late its answer came. A call arrives before its answer; the
 * vendor does not say when.
 *
 * Where the vendor's answers vary much anyway, they show nothing of the network, and no call counts as held up.
 */
export class AnswerTimes {
  #first = 0
  readonly #tookMs: number[] = []
  #next = 0
  #usualMs = Number.POSITIVE_INFINITY
  #unusualFromMs = Number.POSITIVE_INFINITY

  /**
   * Takes in an answer.
   *
   * @param tookMs from sending to the answer, ms
   * @returns by how many ms the call may have arrived late; 0 for most
   */
  heldUpMs(tookMs: number): number {
    this.#remember(tookMs)
    return tookMs < this.#unusualFromMs ? 0 : Math.min(tookMs - this.#usualMs, AT_MOST_MS)
  }

  #remember(tookMs: number): void {
    if (this.#first < FIRST) return this.#rememberFirst(tookMs)
    this.#tookMs[this.#next % REMEMBERED] = tookMs
    this.#next += 1
    if (this.#next < LOOK_FROM || this.#next % LOOK_AFTER !== 0) return
    const sorted = this.#tookMs.toSorted((a, b) => a - b)
    const share = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? 0
    this.#usualMs = share(0.5)
    this.#unusualFromMs = this.#usualMs + UNUSUAL_MS + UNUSUAL_TIMES * (share(0.9) - this.#usualMs)
  }

  #rememberFirst(tookMs: number): void {
    this.#first += 1
    this.#usualMs = Math.min(this.#usualMs, tookMs)
    this.#unusualFromMs = this.#usualMs + UNUSUAL_AT_FIRST_MS
  }
}
