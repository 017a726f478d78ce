import type { Clock, Timers } from '../../limiter/clock.ts'
import { answerWithin } from '../../redis/answer-within.ts'

/** What a look at the surroundings of this process shows. */
export type Duty =
  /** Nothing to do, or something that keeps it from doing it: empty, paused, halted, aside, draining, no Redis. */
  | 'none'
  /** There are jobs that it may take or has in hand. */
  | 'work'

/** Parts of a liveness. */
export interface LivenessOptions {
  /** Finds out whether there is work for this process. */
  readonly readDuty: () => Promise<Duty>
  readonly clock: Clock
  readonly timers: Timers
}

/** A look that takes longer shows that Redis is away, which a restart of the process does not mend. */
const LOOK_WITHIN_MS = 2000
const LOOK_EVERY_MS = 30_000
/**
 * A worker with work that achieves nothing for this long hangs. Half would take a vendor that answers nothing for a hang,
 * since all requests of an attempt may take minutes then; double would let a hanging worker hold its jobs longer.
 */
const HANGS_AFTER_MS = 600_000

/**
 * Whether this process gets on with its work. A process that hangs looks healthy from outside: it answers HTTP, and its
 * connections are open.
 *
 * Signs of progress are answers of the vendor, ends of attempts, and faults that were reported. It is time without duty
 * that never counts against it: looks twice a minute find out, so a job that comes after an idle hour is no hang.
 */
export class Liveness {
  readonly #options: LivenessOptions
  #lastSignAt: number
  #cancelTimer: () => void = () => {}

  constructor(options: LivenessOptions) {
    this.#options = options
    this.#lastSignAt = options.clock.monotonicMs()
    this.#lookLater()
  }

  /** Notes a sign of progress. */
  readonly sign = (): void => {
    this.#lastSignAt = this.#options.clock.monotonicMs()
  }

  /** Gives the ms for which this process has had work and achieved nothing, if that is too long. */
  get hangsForMs(): number | undefined {
    const sinceMs = this.#options.clock.monotonicMs() - this.#lastSignAt
    return sinceMs > HANGS_AFTER_MS ? sinceMs : undefined
  }

  /** Looks once whether there is work. Never rejects. */
  async look(): Promise<void> {
    const duty = await answerWithin(
      LOOK_WITHIN_MS,
      this.#options.readDuty().catch(() => undefined),
    )
    if (duty !== 'work') this.sign()
  }

  /** Stops looking. */
  close(): void {
    this.#cancelTimer()
  }

  #lookLater(): void {
    this.#cancelTimer = this.#options.timers.afterIfRunning(LOOK_EVERY_MS, () => {
      this.#lookLater()
      void this.look()
    })
  }
}
