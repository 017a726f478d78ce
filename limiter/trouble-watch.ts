/** Why the rate is to change; see `lower-rate.lua`. */
export type Trouble = 'throttled' | 'throttled_all' | 'outage' | 'recovered'

/** The vendor's health, as a request showed it. `unanswered`: no answer of the vendor's own (reset, time-out, 5xx). */
export type HealthSignal = 'answered' | 'unanswered' | 'throttled' | 'throttled_all'

const REMEMBERED = 20
/** When half of the last answers are missing, it is an outage; fewer are the faults of a day. */
const OUTAGE_AT = 10
/** From here on, an answer may be the end of an outage that another process reported. */
const SUSPICIOUS_AT = 3

/**
 * Watches the vendor's answers to one command and reports when the fleet must change its rate.
 *
 * States: *calm*; *suspicious* after some requests without an answer; an outage is reported when half of the last
 * requests had none. The first answer after that reports the end.
 */
export class TroubleWatch {
  readonly #report: (trouble: Trouble) => void
  #unanswered: boolean[] = []

  /** @param report called for each signal of trouble, so it must be cheap or bounded */
  constructor(report: (trouble: Trouble) => void) {
    this.#report = report
  }

  /** Takes in the health that one request showed. */
  observe(signal: HealthSignal): void {
    if (signal === 'throttled' || signal === 'throttled_all') this.#report(signal)
    if (signal === 'unanswered') return this.#observeUnanswered()
    if (this.#count() >= SUSPICIOUS_AT) {
      this.#report('recovered')
      this.#unanswered = []
    } else {
      this.#remember(false)
    }
  }

  #observeUnanswered(): void {
    this.#remember(true)
    if (this.#count() >= OUTAGE_AT) this.#report('outage')
  }

  #remember(unanswered: boolean): void {
    this.#unanswered.push(unanswered)
    if (this.#unanswered.length > REMEMBERED) this.#unanswered.shift()
  }

  #count(): number {
    return this.#unanswered.filter(each => each).length
  }
}
