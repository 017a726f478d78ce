import { count, span } from '../words.ts'
import { RateMeter } from './rate-meter.ts'
import { type Figures, fitting, shareInWords } from './show-progress.ts'

/** How many accounts have an outcome. */
export interface AccountProgress {
  readonly done: number
  readonly total: number
  /** What else to say, the most important first, such as `2 dead letters`. */
  readonly notes: readonly string[]
}

/** Figures of accounts that are being cleared, with rate and time left. */
export class AccountFigures implements Figures {
  /** Always known; until the first {@link show} it is that of the constructor. */
  total: number
  done = 0
  #notes: readonly string[] = []
  #doneAtFirst: number | undefined
  readonly #rate: RateMeter

  constructor(total: number, nowMs: () => number = () => performance.now()) {
    this.total = total
    this.#rate = new RateMeter(nowMs)
  }

  /** Sets the progress. */
  show({ done, total, notes }: AccountProgress): void {
    this.done = done
    this.total = total
    this.#notes = notes
    // A fleet takes some seconds to begin, which say nothing about its rate.
    this.#doneAtFirst ??= done
    if (done === this.#doneAtFirst) this.#rate.forget()
    // Without a terminal the text is asked for twice a minute.
    this.#rate.perSecond(done)
  }

  /** For instance `41 %: 20,500 of 50,000 accounts, about 2 min left, 198 accounts/s, 12 to be retried`. */
  text(columns: number): string {
    const perSecond = this.#rate.perSecond(this.done)
    const left = (this.total - this.done) / perSecond
    return fitting(columns, [
      shareInWords(this.done, this.total, 'account'),
      ...(left > 0 && Number.isFinite(left) ? [`about ${span(left)} left`] : []),
      `${count(Math.round(perSecond))} accounts/s`,
      ...this.#notes,
    ])
  }
}
