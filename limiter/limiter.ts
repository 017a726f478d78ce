import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { RedisConnection } from '../redis/connection.ts'
import { keysOf } from '../redis/keys.ts'
import { refusalOf } from '../redis/redis-refusal.ts'
import { createRedisScript, type RedisScript } from '../redis/redis-script.ts'
import { allowedRateLua } from './allowed-rate.ts'
import { ceilingOf } from './ceilings.ts'
import { type Clock, systemClock, systemTimers, type Timers } from './clock.ts'
import { Lane } from './lane.ts'
import { OncePerMinute } from './once-per-minute.ts'
import type { Paced, PaceOptions } from './paced.ts'
import { RedisClock } from './redis-clock.ts'
import { parseReservation, type Reservation, type ReserveRequest, reserveArguments } from './reservation.ts'
import { type HealthSignal, type Trouble, TroubleWatch } from './trouble-watch.ts'

const readLua = (file: string): string => allowedRateLua + readFileSync(new URL(file, import.meta.url), 'utf8')
const permitScript = readLua('./permit.lua')
const lowerRateScript = readLua('./lower-rate.lua')

const PROBE = ' probe'

/** Half would take a busy Redis for a dead one; double would leave a process idle for longer when Redis is dead. */
const ANSWER_WITHIN_MS = 3000

/** Connection, rates and callbacks of a limiter. */
export interface LimiterOptions {
  /** A connection of its own, made for permits: it must fail fast and never send a command twice. */
  readonly redis: RedisConnection
  readonly prefix: string
  /** The vendor's ceiling, in calls per second and command; some commands have a lower one, see `ceilingOf`. */
  readonly ceilingPerSecond: number
  /** Share kept off the ceiling. */
  readonly margin: number
  /** Contract of the fleet, as text: Redis grants no permit for another one. Default: any fleet will do. */
  readonly contract?: string
  /** Called for every permit: used, missed (its slot passed before it could be used) or void (Redis went away). */
  readonly onPermit?: (command: string, result: PermitResult, waitMs: number) => void
  /** Called when this process changed the fleet's rate, with the calls per second allowed from then on. */
  readonly onRate?: (command: string, trouble: Trouble, perSecond: number) => void
  /**
   * Called with the reason why Redis refuses to grant permits, at most once a minute for the same reason. No call is
   * made until it is mended.
   */
  readonly onRefused?: (reason: string) => void
  readonly clock?: Clock
  readonly timers?: Timers
}

/** How a permit ended. */
export type PermitResult = 'used' | 'missed' | 'void'

/**
 * Holds calls to the vendor under the fleet's limit.
 *
 * Life of a call: it waits in the lane of its command; the lane reserves a slot in Redis; at the slot the call is made,
 * synchronously, so that nothing can come in between. A slot that passes unused by more than a few milliseconds (a
 * stalled event loop, a stopped process) is given back, and the lane reserves another one. When the connection to Redis
 * breaks, every reserved slot is void. While Redis cannot be asked, no call is made.
 */
export class Limiter {
  readonly #lanes = new Map<string, Lane>()
  #isGateClosed = false
  readonly #watches = new Map<string, TroubleWatch>()
  readonly #seen = new Map<string, { times: number; reporting: boolean }>()
  readonly #options: LimiterOptions
  readonly #clock: Clock
  readonly #timers: Timers
  #asks = 0
  /** Name of this process where Redis counts calls. */
  readonly #name = randomBytes(6).toString('base64url')
  readonly #oncePerMinute: OncePerMinute
  readonly #redisClock = new RedisClock()
  readonly #script: RedisScript
  readonly #lowerRate: RedisScript
  readonly #onReady = (): void => this.#eachLane(lane => lane.reopen())
  readonly #onClose = (): void => this.#eachLane(lane => lane.voidAll())

  constructor(options: LimiterOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#oncePerMinute = new OncePerMinute(this.#clock)
    this.#timers = options.timers ?? systemTimers
    this.#script = createRedisScript(options.redis, 'clearFriendsPermit', permitScript)
    this.#lowerRate = createRedisScript(options.redis, 'clearFriendsLowerRate', lowerRateScript)
    options.redis.on('ready', this.#onReady)
    options.redis.on('close', this.#onClose)
  }

  /**
   * Makes a call at the next free slot of its command, first come, first served, apart from their ranks.
   *
   * @param command the vendor's command; each has its own ceiling
   * @param send makes the request and must do so before it returns; its errors are thrown here
   * @param options how to give up the wait
   */
  pace<T>(command: string, send: () => T, options?: PaceOptions): Promise<Paced<T>> {
    return this.#laneOf(command, false).pace(send, options)
  }

  /**
   * Makes a command known to Redis before its first call. Otherwise the first call would wait for the hold of a new
   * command while calls of other commands already go.
   */
  prepare(command: string): void {
    this.#laneOf(command, false).prepare()
  }

  /** As {@link pace}, also while the fleet is closed: for the harmless read that finds out whether a halt is over. */
  probe<T>(command: string, send: () => T, options?: PaceOptions): Promise<Paced<T>> {
    return this.#laneOf(command, true).pace(send, options)
  }

  /**
   * Takes in the vendor's health as a request showed it, and lowers or raises the fleet's rate where it must.
   */
  observe(command: string, signal: HealthSignal): void {
    this.#watchOf(command).observe(signal)
  }

  /** Whether most requests of a command get no good answer now, as this process sees it. */
  isOutage(command: string): boolean {
    return this.#watchOf(command).isOutage
  }

  /** Stops all calls of this process except probes, until {@link openGate}; gives up the permits that it holds. */
  closeGate(): void {
    this.#isGateClosed = true
    for (const [name, lane] of this.#lanes) if (!name.endsWith(PROBE)) lane.close('halted')
  }

  /** Makes calls again. */
  openGate(): void {
    this.#isGateClosed = false
    this.#eachLane(lane => lane.open())
  }

  /** Ends all waits as `closed` and forgets the reserved slots. The caller closes the connection. */
  close(): void {
    this.#options.redis.off('ready', this.#onReady)
    this.#options.redis.off('close', this.#onClose)
    this.#eachLane(lane => lane.close('draining'))
  }

  #laneOf(command: string, probe: boolean): Lane {
    const name = probe ? command + PROBE : command
    let lane = this.#lanes.get(name)
    if (lane === undefined) {
      lane = new Lane({
        clock: this.#clock,
        timers: this.#timers,
        redisClock: this.#redisClock,
        reserve: request => this.#reserve(command, { ...request, probe }),
        isOpen: () => this.#options.redis.status === 'ready',
        onPermit: (result, waitMs) => this.#options.onPermit?.(command, result, waitMs),
        onClockJump: () => this.#eachLane(each => each.clockJumped()),
      })
      if (this.#isGateClosed && !probe) lane.close('halted')
      this.#lanes.set(name, lane)
    }
    return lane
  }

  async #reserve(command: string, request: ReserveRequest): Promise<Reservation> {
    const { prefix, ceilingPerSecond, margin, redis } = this.#options
    const keys = keysOf(prefix)
    const scriptKeys = [keys.permits(command), keys.fleet, keys.sent(command)]
    this.#asks += 1
    const ask = this.#asks
    const caller = request.probe ? this.#name + PROBE : this.#name
    const ceiling = ceilingOf(command, ceilingPerSecond)
    const args = reserveArguments(
      { ask, caller, command, ceilingPerSecond: ceiling, margin, contract: this.#options.contract ?? '' },
      request,
    )
    const asked = this.#script(scriptKeys, args).catch((error: unknown) => this.#refused(error))
    const answer = await within(this.#timers, ANSWER_WITHIN_MS, asked)
    const reservation = answer === TOO_LATE ? undefined : parseReservation(answer, ask)
    if (reservation !== undefined) return reservation
    // A silent connection may be dead; one that gives another ask's answer is out of step.
    redis.disconnect(true)
    throw new NoAnswerError('Redis gave no answer to an ask for permits')
  }

  /** Reports an error that Redis itself answered; the connection reports its own errors. */
  #refused(error: unknown): never {
    const refusal = refusalOf(error)
    if (refusal !== undefined && this.#oncePerMinute.allows(refusal.said)) this.#options.onRefused?.(refusal.said)
    throw error
  }

  #watchOf(command: string): TroubleWatch {
    let watch = this.#watches.get(command)
    if (watch === undefined) {
      watch = new TroubleWatch(trouble => void this.#changeRate(command, trouble))
      this.#watches.set(command, watch)
    }
    return watch
  }

  /** Reports trouble, one report at a time; trouble seen meanwhile goes with the next report. */
  async #changeRate(command: string, trouble: Trouble): Promise<void> {
    const key = `${command} ${trouble}`
    const seen = this.#seen.get(key) ?? { times: 0, reporting: false }
    this.#seen.set(key, seen)
    seen.times += 1
    if (seen.reporting) return
    seen.reporting = true
    const { prefix, ceilingPerSecond, onRate } = this.#options
    try {
      while (seen.times > 0) {
        const args = [command, ceilingOf(command, ceilingPerSecond), trouble, seen.times]
        seen.times = 0
        const answer = await this.#lowerRate([keysOf(prefix).fleet], args)
        if (answer !== null) onRate?.(command, trouble, z.coerce.number().parse(answer))
      }
    } catch {
      // Redis is away, so no call is made either; the next signal of trouble reports again.
    } finally {
      seen.reporting = false
    }
  }

  #eachLane(act: (lane: Lane) => void): void {
    for (const lane of this.#lanes.values()) act(lane)
  }
}

class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError'
}

const TOO_LATE = Symbol('too late')

async function within<T>(timers: Timers, ms: number, answer: Promise<T>): Promise<T | typeof TOO_LATE> {
  let stopTimer = (): void => {}
  const tooLate = new Promise<typeof TOO_LATE>(resolve => {
    stopTimer = timers.after(ms, () => resolve(TOO_LATE))
  })
  try {
    return await Promise.race([answer, tooLate])
  } finally {
    stopTimer()
  }
}
