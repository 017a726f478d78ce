import type { FinalOutcome } from '../../jobs/job/outcome.ts'
import type { Logger } from './log.ts'

const EVERY_MS = 60_000

/** Counts what this process did and says so once a minute, where there was anything to say. */
export class Summary {
  readonly #log: Logger
  readonly #timer: NodeJS.Timeout
  #counts = new Map<string, number>()

  constructor(log: Logger) {
    this.#log = log
    this.#timer = setInterval(() => this.say(), EVERY_MS).unref()
  }

  /** Counts one job that ended, or went back to the queue. */
  count(what: FinalOutcome | 'went_back' | 'calls', by = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + by)
  }

  /** Logs the counts since the last time and starts anew. */
  say(): void {
    if (this.#counts.size > 0) this.#log.info(Object.fromEntries(this.#counts), 'since the last summary')
    this.#counts = new Map()
  }

  /** Says what is left to say and stops. */
  close(): void {
    clearInterval(this.#timer)
    this.say()
  }
}
