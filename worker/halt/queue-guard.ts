/**
 * The guard: halts the fleet on a fault of our own, so that the fault uses up no jobs.
 *
 * What belongs in `halt/`: halting, this process' gate, the fleet's news, the probes that end a halt. What does not:
 * the stored state of the fleet (`jobs/status/`), and which answers of the vendor are our fault (`vendor/`).
 */

import type { Reason } from '../../jobs/job/outcome.ts'
import type { FleetControl } from '../../jobs/status/fleet-control.ts'
import { createFleetReader, type FleetState, TOO_MANY_MISSING } from '../../jobs/status/fleet-state.ts'
import type { Clock } from '../../limiter/clock.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import type { Processed } from '../attempt/processed.ts'
import type { Logger } from '../observe/log.ts'
import type { FaultStreaks } from '../vendor/fault-streaks.ts'
import type { Gate } from './gate.ts'
import { firstProbeAfterMs, needsAPerson, type Prober } from './prober.ts'

/** Parts of a guard. */
export interface QueueGuardOptions {
  readonly redis: RedisConnection
  readonly prefix: string
  readonly control: FleetControl
  readonly prober: Prober
  readonly clock: Clock
  readonly log: Logger
  readonly gate: Gate
  readonly faultStreaks: Pick<FaultStreaks, 'forget'>
}

const LOOK_EVERY_MS = 500
const TOO_MANY = {
  code: TOO_MANY_MISSING,
  text: 'the vendor does not know suspiciously many of the last accounts',
}
/** Reasons of a snooze which mean that the fleet stands still. */
const STANDS_STILL = new Set(['paused', 'halted'])
const LOOK_AT_SETTINGS =
  'Check IM_SDK_APP_ID, IM_BASE_URL and whether these are user ids of this app; `clear-friends resume` goes on.'

/**
 * Opens and closes the gate of this process with the fleet.
 *
 * States: *open* → *closed* when the vendor's answer blames our own settings, when a call was refused because the fleet
 * stands still, or on the news of it → *open* when the fleet goes on. A closed process fetches no job and sends no
 * call. It looks twice a second whether the fleet is open, and takes its turn at probing.
 */
export class QueueGuard {
  readonly #options: QueueGuardOptions
  readonly #readFleet: () => Promise<FleetState>
  #timer: NodeJS.Timeout | undefined
  #looking = false

  constructor(options: QueueGuardOptions) {
    this.#options = options
    this.#readFleet = createFleetReader(options.redis, options.prefix)
  }

  /**
   * Halts the whole fleet when an attempt shows a fault of our own credentials or settings. Closes this process' gate
   * when a call was refused because the fleet stands still. Safe to call for each attempt.
   */
  async protect(processed: Processed): Promise<void> {
    const { outcome, act } = processed
    if (processed.job === 'settled' && processed.suspicious) return this.#halt(TOO_MANY, LOOK_AT_SETTINGS)
    if (outcome.kind === 'stop') return this.#halt(outcome.reason, act)
    const isRefused = outcome.kind === 'snooze' && STANDS_STILL.has(outcome.reason.code)
    if (isRefused) this.close()
  }

  async #halt(reason: Reason, act: string | undefined): Promise<void> {
    const { control, prober, clock, log } = this.#options
    this.close()
    const text = act === undefined ? reason.text : `${reason.text}. ${act}`
    const first = await control.halt({ code: reason.code, reason: text, sinceMs: clock.epochMs() })
    if (!first) return
    await prober.postpone(firstProbeAfterMs(reason.code))
    log.error({ code: reason.code, act }, `fleet halted: ${reason.text}`)
  }

  /** Closes this process' gate and looks from now on whether the fleet is open. Safe to repeat. */
  close(): void {
    if (this.#timer !== undefined) return
    this.#options.gate.close()
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS)
  }

  /** Opens the gate if the fleet is open; else probes when it is this process' turn. */
  async look(): Promise<void> {
    if (this.#timer === undefined || this.#looking) return
    this.#looking = true
    try {
      const fleet = await this.#readFleet()
      if (fleet.paused === null && fleet.halted === null) await this.#reopen()
      else if (fleet.halted !== null) await this.#options.prober.takeTurn(fleet.halted)
    } catch (error) {
      this.#options.log.debug({ err: error }, 'could not look whether the fleet is open')
    } finally {
      this.#looking = false
    }
  }

  /** Stops looking, when the process ends. */
  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #reopen(): Promise<void> {
    const { control, faultStreaks, gate } = this.#options
    await control.align()
    this.stop()
    // A person has resumed the fleet, so streaks of codes that only a person can settle begin anew.
    faultStreaks.forget(needsAPerson)
    gate.open()
  }
}
