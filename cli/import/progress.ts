import { RateMeter } from '../terminal/rate-meter.ts'
import { type Figures, fitting, shareInWords } from '../terminal/show-progress.ts'
import { count, counted, span } from '../words.ts'
import type { Done } from './files/checkpoint.ts'

/** Figures of the first reading of a file. */
export class ReadingFigures implements Figures {
  readonly total = undefined
  lines = 0

  get done(): number {
    return this.lines
  }

  text(): string {
    return `reading the file: ${counted(this.lines, 'line')}`
  }
}

/** Figures of an import, with its rate and the time that is left. */
export class ImportFigures implements Figures {
  readonly total: number | undefined
  readonly #rate: RateMeter
  #done: Done | undefined
  #liveJobs: number | undefined
  #hasWaited = false

  /** @param total lines of the input, if they are known */
  constructor(total: number | undefined, nowMs: () => number = () => performance.now()) {
    this.total = total
    this.#rate = new RateMeter(nowMs)
  }

  get done(): number {
    return this.#done?.lines ?? 0
  }

  /** Sets the progress of the import. */
  show(done: Done): void {
    this.#done = done
    this.#liveJobs = undefined
  }

  /** Notes that the next batch waits because of this number of jobs in the queue. */
  waits(liveJobs: number): void {
    this.#liveJobs = liveJobs
    // The fleet sets the pace from now on, and the rate at which the queue was filled is no measure for it.
    if (!this.#hasWaited) this.#rate.forget()
    this.#hasWaited = true
  }

  /** For instance `41 %: 412,000 of 1,000,000 lines, about 48 min left, 199 lines/s, 10 duplicate, 0 rejected`. */
  text(columns: number): string {
    const { duplicate = 0, rejected = 0 } = this.#done ?? {}
    const linesPerSecond = this.#rate.perSecond(this.done)
    const left = this.total === undefined ? undefined : (this.total - this.done) / linesPerSecond
    return fitting(columns, [
      shareInWords(this.done, this.total, 'line'),
      ...(this.#liveJobs === undefined ? [] : [`waiting: ${count(this.#liveJobs)} jobs in the queue`]),
      ...(left !== undefined && Number.isFinite(left) ? [`about ${span(left)} left`] : []),
      `${count(Math.round(linesPerSecond))} lines/s`,
      `${count(duplicate)} duplicate`,
      `${count(rejected)} rejected`,
    ])
  }
}
