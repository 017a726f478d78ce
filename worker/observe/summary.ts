import type { FinalOutcome } from '../../jobs/job/outcome.ts'
import type { Logger } from './log.ts'

const EVERY_MS = 60_000

/** Counts jobs and calls of this process, and logs the counts once a minute unless there are none. */
export class Summary {
  readonly #log: Logger
  readonly #timer: NodeJS.Timeout
  #counts = new Map<string, number>()

  constructor(log: Logger) {
    this.#log = log
    this.#timer = setInterval(() => this.say(), EVERY_MS).unref()
  }

  /** Counts a job that ended or went back to the queue, or calls that were sent. */
  count(what: FinalOutcome | 'went_back' | 'calls', by = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + by)
  }

  /** Logs the counts since the last summary and starts again at zero. */
  say(): void {
    if (this.#counts.size > 0) this.#log.info(Object.fromEntries(this.#counts), 'since the last summary')
    this.#counts = new Map()
  }

  /** Logs the last summary and stops. */
  close(): void {
    clearInterval(this.#timer)
    this.say()
  }
}
