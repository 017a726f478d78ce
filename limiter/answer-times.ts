/**
 * Answers that are remembered: two thirds of a second of a process that works alone, some seconds of one of many. Among
 * half as many, those that one moment of 50 ms holds up would be one in ten, and so be taken for usual.
 */
const REMEMBERED = 128
/** What is usual is found out anew after so many answers; sorting for each would cost more than it tells. */
const LOOK_AFTER = 16
/**
 * A process that has just started, and those that start beside it, hold up a third of their calls. Of so many first answers
 * the fastest is taken for usual, and none is remembered, or it would be seconds until a delay shows again. Half would be
 * over before eight programs have started on two cores.
 */
const FIRST = 64
const UNUSUAL_AT_FIRST_MS = 6
/** An answer is unusual that is later than the usual one by this, and by so many times what one in ten is later by. */
const UNUSUAL_MS = 3
const UNUSUAL_TIMES = 2
/**
 * More is not told, since most of what takes longer is the vendor's own work. Where one call in ten is slow, twice as much
 * would cost a percent of the ceiling.
 */
const TOLD_AT_MOST_MS = 50

/**
 * Tells how much later than its neighbours a call may have arrived at the vendor, by how much later than usual its answer
 * came: it arrived before it was answered, and nobody else knows when.
 *
 * Where the vendor's answers take differently long anyway, they tell nothing of the way, and nothing is made of them.
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
   * @returns how late the call may have arrived, ms; 0 for most
   */
  heldUpMs(tookMs: number): number {
    this.#remember(tookMs)
    return tookMs < this.#unusualFromMs ? 0 : Math.min(tookMs - this.#usualMs, TOLD_AT_MOST_MS)
  }

  #remember(tookMs: number): void {
    if (this.#first < FIRST) return this.#rememberFirst(tookMs)
    this.#tookMs[this.#next % REMEMBERED] = tookMs
    this.#next += 1
    if (this.#next % LOOK_AFTER !== 0) return
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
