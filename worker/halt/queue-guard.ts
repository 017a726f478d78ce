/**
 * The guard: keeps this process' gate in line with the fleet's state, and takes its turn at probing a halted fleet.
 *
 * What belongs in `halt/`: this worker's standing, halting, this process' gate, the fleet's news, the probes that end a
 * halt. What does not: the stored state of the fleet (`jobs/status/`), and which answers of the vendor blame us
 * (`vendor/`).
 */

import { hostname } from 'node:os'
import type { FleetControl } from '../../jobs/status/fleet-control.ts'
import { type FleetState, type Halt, TOO_MANY_MISSING } from '../../jobs/status/fleet-state.ts'
import type { Clock } from '../../limiter/clock.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import type { Processed } from '../attempt/processed.ts'
import type { Logger } from '../observe/log.ts'
import type { FaultStreaks } from '../vendor/fault-streaks.ts'
import type { Bond } from './bond.ts'
import type { Gate } from './gate.ts'
import { needsAPerson, nextProbeAfterMs, type Prober } from './prober.ts'
import type { Standing } from './standing.ts'

/** Parts of a guard. */
export interface QueueGuardOptions {
  readonly redis: RedisConnection
  readonly prefix: string
  readonly control: FleetControl
  readonly prober: Pick<Prober, 'probe'>
  readonly standing: Pick<Standing, 'comeBack'>
  readonly bond: Pick<Bond, 'holds'>
  readonly clock: Clock
  readonly log: Logger
  readonly gate: Gate
  readonly faultStreaks: Pick<FaultStreaks, 'forget'>
  readonly readFleet: () => Promise<FleetState>
}

const LOOK_EVERY_MS = 500
/** A worker that has probed leaves the next turn to others this long: its fault may be its own, and another is well. */
const AFTER_OTHERS_MS = 2 * LOOK_EVERY_MS
const TOO_MANY = {
  code: TOO_MANY_MISSING,
  text: 'the vendor does not know suspiciously many of the last accounts',
}
/** Reasons of a snooze which mean that the fleet stands still, or is not bound to this worker's app. */
const STANDS_STILL = new Set(['paused', 'halted', 'foreign'])
const LOOK_AT_SETTINGS =
  'Is this the right column of the import, and the right app (IM_SDK_APP_ID, IM_BASE_URL)? If so, `clear-friends resume` goes on for a day; a larger MISSING_SHARE goes on for good.'

/**
 * Opens and closes the gate of this process with the fleet.
 *
 * States: *open* → *closed* when a call was refused because the fleet stands still, or on the news of it → *open* when the
 * fleet goes on. A closed process fetches no job and sends no call. It looks twice a second whether the fleet is open,
 * and takes its turn at probing: a key in Redis that expires is both lock and pause, so that one worker of the fleet at a
 * time sends one harmless read. A worker that dies in its turn only delays the next probe.
 */
export class QueueGuard {
  readonly #options: QueueGuardOptions
  #timer: NodeJS.Timeout | undefined
  #looking = false
  #nextTurnAt = 0

  constructor(options: QueueGuardOptions) {
    this.#options = options
  }

  /**
   * Halts the whole fleet when suspiciously many accounts are missing. Closes this process' gate when a call was refused
   * because the fleet stands still. Safe to call for each attempt.
   */
  async protect(processed: Processed): Promise<void> {
    const { outcome } = processed
    if (processed.job === 'settled' && processed.suspicious) return this.#halt()
    const isRefused = outcome.kind === 'snooze' && STANDS_STILL.has(outcome.reason.code)
    if (isRefused) this.close()
    // A lost contract is mended by a look.
    if (isRefused && outcome.reason.code === 'foreign') await this.look()
  }

  async #halt(): Promise<void> {
    const { control, log } = this.#options
    this.close()
    const { code, text } = TOO_MANY
    const first = await control.halt({ code, reason: `${text}. ${LOOK_AT_SETTINGS}`, host: hostname() })
    if (first) log.error({ code, act: LOOK_AT_SETTINGS }, `fleet halted: ${text}`)
  }

  /**
   * Closes this process' gate if the fleet stands still already. A worker that joins a halted fleet meets no news and no
   * refused call, and may be the one whose probe succeeds.
   */
  async begin(): Promise<void> {
    const { paused, halted } = await this.#options.readFleet()
    if (paused !== null || halted !== null) this.close()
  }

  /** Closes this process' gate and looks from now on whether the fleet is open. Safe to repeat. */
  close(): void {
    if (this.#timer !== undefined) return
    this.#options.gate.close('fleet')
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS)
  }

  /** Opens the gate if the fleet is open; else probes when it is this process' turn. */
  async look(): Promise<void> {
    if (this.#timer === undefined || this.#looking) return
    this.#looking = true
    try {
      if (!(await this.#options.bond.holds())) return
      const fleet = await this.#options.readFleet()
      if (fleet.paused === null && fleet.halted === null) await this.#reopen()
      else if (fleet.halted !== null) await this.#takeTurn(fleet.halted)
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

  /** Makes this worker work again where the fleet goes on, also if it alone stood aside. */
  async goOn(): Promise<void> {
    // A person has resumed the fleet, so streaks of codes that only a person can settle begin anew.
    this.#options.faultStreaks.forget(needsAPerson)
    await this.look()
    await this.#options.standing.comeBack()
  }

  /** Probes when it is this worker's turn, and ends the halt when the probe succeeds. */
  async #takeTurn(halt: Halt): Promise<void> {
    const { redis, prefix, prober, control, clock, log } = this.#options
    if (needsAPerson(halt.code)) return
    const [redisSeconds] = await redis.time()
    const pauseMs = nextProbeAfterMs(halt.code, Number(redisSeconds) * 1000 - halt.sinceMs)
    if (clock.monotonicMs() < this.#nextTurnAt) return
    if ((await redis.set(keysOf(prefix).probe, 'probing', 'PX', pauseMs, 'NX')) === null) return
    this.#nextTurnAt = clock.monotonicMs() + pauseMs + AFTER_OTHERS_MS
    const probed = await prober.probe()
    if (probed.kind === 'healthy') {
      await control.liftHalt()
      log.info({ code: halt.code }, 'a probe succeeded: the fleet goes on')
    } else if (probed.kind === 'sick') {
      const { reason, act } = probed.verdict
      log.warn({ code: reason.code, act, nextProbeMs: pauseMs }, `still halted: ${reason.text}`)
    }
  }

  async #reopen(): Promise<void> {
    const { control, gate } = this.#options
    await control.align()
    this.stop()
    gate.open('fleet')
  }
}
