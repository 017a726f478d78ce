import type { FleetStatus } from '../../jobs/status/fleet-status.ts'
import type { Clock } from '../../limiter/clock.ts'
import { needsAPerson } from './prober.ts'

/**
 * Longest standstill to wait out, in ms. A wrong key is mended, and a pause ended, within some minutes by somebody who is
 * at it. Half would give up on them; after double the time a scheduler would still see a job that seems to run.
 */
const STANDS_STILL_AT_MOST_MS = 600_000

/** The parts of a status that show whether the fleet stands still. */
export type Standstill = Pick<FleetStatus, 'halted' | 'paused' | 'pause'>

/**
 * Decides how long to wait for a fleet that stands still: not at all if only a person can end its halt, else ten
 * minutes. A halt that a probe may end, and a pause, are waited out that long.
 */
export class Patience {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #since: number | undefined

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** Looks at a status. Answers why to wait no longer; nothing while waiting makes sense. */
  endedBy({ halted, paused, pause }: Standstill): string | undefined {
    if (halted === null && !paused) {
      this.#since = undefined
      return undefined
    }
    const now = this.#clock.monotonicMs()
    this.#since ??= now
    if (halted !== null && needsAPerson(halted.code)) return `halted, code ${halted.code}: ${halted.reason}`
    if (now - this.#since < STANDS_STILL_AT_MOST_MS) return undefined
    if (halted !== null) return `halted for 10 minutes, code ${halted.code}: ${halted.reason}`
    return `paused for 10 minutes${pause === null ? '' : `: ${pause.reason}`}`
  }
}
