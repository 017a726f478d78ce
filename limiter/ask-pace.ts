/** A lane reserves this far ahead, to go on while Redis answers. A process that stops wastes no more than this. */
const HORIZON_MS = 60
const HORIZON_AT_MOST_MS = 900
const LEAD_AT_LEAST_MS = 2
const LEAD_AT_FIRST_MS = 10
const LEAD_AT_MOST_MS = 400
const ASKS_REMEMBERED = 16
/** Share of the answers that arrive within the usual time. */
const USUAL = 0.75

/**
 * Estimates how far ahead a lane must reserve, from how long Redis took to answer lately. All times are ms.
 *
 * The slowest answer would be the worst guide. All processes lose the slots before the lead, while the limiter makes up
 * for a slot that is missed now and then.
 */
export class AskPace {
  readonly #askMs: number[] = []
  #leadMs = LEAD_AT_FIRST_MS

  /** Slots earlier than this from now are of no use, because the answer has to travel. */
  get leadMs(): number {
    return this.#leadMs
  }

  /** How far ahead the lane reserves. */
  get horizonMs(): number {
    return Math.min(HORIZON_MS + 2 * this.#leadMs, HORIZON_AT_MOST_MS)
  }

  /** Takes in how long Redis took to answer. */
  remember(askMs: number): void {
    this.#askMs.push(askMs)
    if (this.#askMs.length > ASKS_REMEMBERED) this.#askMs.shift()
    const usualMs = this.#askMs.toSorted((a, b) => a - b)[Math.floor(this.#askMs.length * USUAL)] ?? askMs
    this.#leadMs = Math.min(Math.max(LEAD_AT_LEAST_MS, usualMs), LEAD_AT_MOST_MS)
  }
}
