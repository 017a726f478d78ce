/**
 * Processes in virtual time that call under the real limiter. Their scripts run in a real Redis; only time, timers and
 * the ways between them are the test's.
 */
import type { Redis } from 'ioredis'
import type { Clock, Timers } from '../../../limiter/clock.ts'
import { Limiter, type LimiterOptions } from '../../../limiter/limiter.ts'
import { VirtualConnection, VirtualRedis, type Way } from './virtual-redis.ts'
import { startVirtualTime, type VirtualTime } from './virtual-time.ts'

/** Options of a virtual fleet; times in ms. */
export interface VirtualFleetOptions {
  readonly redis: Redis
  readonly prefix: string
  readonly ceilingPerSecond: number
  /** Makes a limiter: the real one, or a changed one that shows the purpose of a rule. */
  readonly createLimiter: (options: LimiterOptions) => Limiter
  /** A number in [0, 1), anew each time. */
  readonly random: () => number
  /** From a process to Redis and back. */
  readonly way: Way
  /** From a process to the vendor. The way back is steady. */
  readonly travelMs: () => number
}

/** Makes the limiter that the workers use. */
export const realLimiter = (options: LimiterOptions): Limiter => new Limiter(options)

/** The margin of these fleets, which is the default. */
const MARGIN = 0.01
/** The window of permit.lua. Use is measured over whole ones, since calls need not be spread evenly within one. */
export const WINDOW_MS = 1002.5 / (1 - MARGIN)
const COMMAND = 'friend_delete_all'
/** Jobs of a process that want to call at any time. */
const IN_HAND = 64
/** A timer comes late by this much at most; Node's own come between the millisecond and the next. */
const TIMER_LATE_MS = 1
/** Share by which a host's steady clock runs fast or slow at most. */
const DRIFT = 0.00005
/** Time that the vendor and the way back take together, at least and at most. */
const ANSWERED_AFTER_MS = { least: 40, most: 41 }

/** A process that calls as often as it may. */
export interface VirtualProcess {
  /** Stops its event loop for this long. */
  stall(ms: number): void
  /** Ends the process with all permits that it holds. */
  kill(): void
  /** Breaks its connection to Redis, which then comes back. */
  disconnect(): void
  /** As {@link disconnect}, but the process does not notice. */
  loseReplies(): void
}

/** A virtual fleet. */
export interface VirtualFleet {
  readonly time: VirtualTime
  readonly server: VirtualRedis
  /** Times at which calls arrived at the vendor, ms, ascending. */
  arrivals(): number[]
  /** Jams the way to the vendor for this long: all calls of that time arrive together at its end. */
  jam(ms: number): void
  /** Starts a process that leads this life so many times at once; default: it calls for ever, for 64 jobs. */
  start(life?: Life, times?: number): VirtualProcess
}

/** What a process does, with its own limiter and clock. */
export type Life = (process: LifeTools) => Promise<void>

/** See {@link Life}. */
export interface LifeTools {
  readonly limiter: Limiter
  readonly clock: Clock
  readonly timers: Timers
  /** Sends a call; resolves when its answer is back. */
  readonly call: () => Promise<void>
  readonly wait: (ms: number) => Promise<void>
  readonly isDead: () => boolean
}

/** Makes a fleet without processes. */
export function startVirtualFleet(options: VirtualFleetOptions): VirtualFleet {
  const time = startVirtualTime()
  const server = new VirtualRedis(options.redis, time, options.prefix)
  const arrivals: number[] = []
  let jammedUntil = 0
  const call: VirtualCall = answer => {
    const arrivesAt = Math.max(time.nowMs + options.travelMs(), jammedUntil)
    arrivals.push(arrivesAt)
    const { least, most } = ANSWERED_AFTER_MS
    time.at(arrivesAt + least + (most - least) * options.random(), answer)
  }
  return {
    time,
    server,
    arrivals: () => arrivals.toSorted((a, b) => a - b),
    jam: ms => {
      jammedUntil = time.nowMs + ms
    },
    start: (life = callForEver, times = IN_HAND) => new Caller(options, time, server, call, life, times),
  }
}

/** Calls as often as the limiter lets it. */
const callForEver: Life = async ({ limiter, call, isDead }) => {
  while (!isDead()) {
    const paced = await limiter.pace(COMMAND, call)
    if (paced.kind === 'sent') void paced.value.then(paced.answered)
  }
}

/** A call that leaves now; it runs `answer` when its answer is back. */
type VirtualCall = (answer: () => void) => void

class Caller implements VirtualProcess {
  readonly #time: VirtualTime
  readonly #options: VirtualFleetOptions
  readonly #connection: VirtualConnection
  readonly #limiter: Limiter
  readonly #clock: Clock
  readonly #timers: Timers = {
    after: (ms, act) => this.#after(ms, act),
    afterIfRunning: (ms, act) => this.#after(ms, act),
  }
  readonly #call: VirtualCall
  readonly #startedAt: number
  readonly #pace: number
  #stalledUntil = 0
  #isDead = false

  constructor(
    options: VirtualFleetOptions,
    time: VirtualTime,
    server: VirtualRedis,
    call: VirtualCall,
    life: Life,
    times: number,
  ) {
    this.#time = time
    this.#options = options
    this.#call = call
    this.#startedAt = options.random() * 1_000_000
    this.#pace = 1 + DRIFT * (2 * options.random() - 1)
    const { prefix, ceilingPerSecond, way } = options
    const deliver = (act: () => void): void => this.#deliver(act)
    this.#connection = new VirtualConnection(server, time, { deliver }, way)
    this.#clock = { monotonicMs: () => this.#startedAt + time.nowMs * this.#pace, epochMs: () => 0 }
    this.#limiter = options.createLimiter({
      redis: this.#connection.asRedis,
      prefix,
      ceilingPerSecond,
      margin: MARGIN,
      clock: this.#clock,
      timers: this.#timers,
    })
    this.#limiter.prepare(COMMAND)
    for (let n = 0; n < times; n++) void life(this.#tools())
  }

  stall(ms: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.#time.nowMs + ms)
  }

  kill(): void {
    this.#isDead = true
  }

  disconnect(): void {
    this.#deliver(() => this.#connection.disconnect())
  }

  loseReplies(): void {
    this.#connection.loseReplies()
  }

  #tools(): LifeTools {
    return {
      limiter: this.#limiter,
      clock: this.#clock,
      timers: this.#timers,
      call: () => new Promise(resolve => this.#call(() => this.#deliver(resolve))),
      wait: ms => new Promise(resolve => this.#after(ms, resolve)),
      isDead: () => this.#isDead,
    }
  }

  #after(ms: number, act: () => void): () => void {
    const lateMs = this.#options.random() * TIMER_LATE_MS
    return this.#time.at(this.#time.nowMs + Math.max(1, Math.trunc(ms)) + lateMs, () => this.#deliver(act))
  }

  /** Runs `act` when the event loop gets to it. */
  #deliver(act: () => void): void {
    if (this.#isDead) return
    if (this.#time.nowMs >= this.#stalledUntil) return act()
    this.#time.at(this.#stalledUntil, () => this.#deliver(act))
  }
}
