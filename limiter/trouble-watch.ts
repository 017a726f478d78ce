/** Why the rate is to change; see `lower-rate.lua`. */
export type Trouble = 'throttled' | 'throttled_all' | 'outage' | 'recovered'

/**
 * The vendor's health, as a request showed it.
 * - `unanswered`: no answer of the vendor's own (reset, time-out, 5xx).
 * - `failed`: the vendor answered that it failed, and a repeat may succeed.
 */
export type HealthSignal = 'answered' | 'unanswered' | 'failed' | 'throttled' | 'throttled_all'

const REMEMBERED = 20
/** When half of the last answers are missing, it is an outage; fewer are the faults of a day. */
const UNANSWERED_IN_OUTAGE = 10
/** Nine in ten that are missing or failed, too. A vendor that fails for every second account still does half of the work. */
const BAD_IN_OUTAGE = 18
/** From here on, an answer may be the end of an outage that another process reported. */
const SUSPICIOUS_AT = { unanswered: 3, bad: 10 }

/**
 * Watches the vendor's answers to one command and reports when the fleet must change its rate.
 *
 * States: *calm*; *suspicious* after some requests without a good answer; *outage* when most of the last requests had none.
 * The first good answer after that reports the end.
 */
export class TroubleWatch {
  readonly #report: (trouble: Trouble) => void
  #last: ('answered' | 'unanswered' | 'failed')[] = []

  /** @param report called for each signal of trouble, so it must be cheap or bounded */
  constructor(report: (trouble: Trouble) => void) {
    this.#report = report
  }

  /** Whether most of the last requests had no good answer. */
  get isOutage(): boolean {
    return this.#unanswered >= UNANSWERED_IN_OUTAGE || this.#bad >= BAD_IN_OUTAGE
  }

  /** Takes in the health that one request showed. */
  observe(signal: HealthSignal): void {
    if (signal === 'throttled' || signal === 'throttled_all') {
      this.#report(signal)
      this.#observeGood()
    } else if (signal === 'answered') {
      this.#observeGood()
    } else {
      this.#remember(signal)
      if (this.isOutage) this.#report('outage')
    }
  }

  #observeGood(): void {
    const isSuspicious = this.#unanswered >= SUSPICIOUS_AT.unanswered || this.#bad >= SUSPICIOUS_AT.bad
    if (isSuspicious) this.#report('recovered')
    this.#last = isSuspicious ? [] : this.#last
    this.#remember('answered')
  }

  #remember(signal: 'answered' | 'unanswered' | 'failed'): void {
    this.#last.push(signal)
    if (this.#last.length > REMEMBERED) this.#last.shift()
  }

  get #unanswered(): number {
    return this.#last.filter(each => each === 'unanswered').length
  }

  get #bad(): number {
    return this.#last.filter(each => each !== 'answered').length
  }
}
