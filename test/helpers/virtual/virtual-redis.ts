/**
 * A Redis in virtual time: the real scripts on a real server, a clock that the test may step, and connections that
 * delay or lose commands, or break, as the test wants.
 */
import { EventEmitter } from 'node:events'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { RedisConnection } from '../../../redis/connection.ts'
import { runSteered, steer } from './steered-redis.ts'
import type { VirtualTime } from './virtual-time.ts'

/** The server of a virtual fleet. */
export class VirtualRedis {
  readonly #redis: Redis
  readonly #time: VirtualTime
  readonly #prefix: string
  readonly #steered = new Map<string, string>()
  /** Time of its clock at the beginning, ms. */
  #startsAt = 1_700_000_000_000
  #runs = 1
  /** Number of scripts that it ran; each is a round trip of a process. */
  scriptsRun = 0
  #copies: (readonly [key: string, value: Buffer | null])[] | undefined

  constructor(redis: Redis, time: VirtualTime, prefix: string) {
    this.#redis = redis
    this.#time = time
    this.#prefix = prefix
  }

  async run(lua: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    this.scriptsRun += 1
    const steered = this.#steered.get(lua) ?? steer(lua)
    this.#steered.set(lua, steered)
    const now = Math.floor((this.#startsAt + this.#time.nowMs) * 1000)
    return runSteered(this.#redis, steered, { now, runId: `run${this.#runs}` }, keys, args)
  }

  stepClock(ms: number): void {
    this.#startsAt += ms
  }

  /** Puts another server in its place, with the data of {@link copy}, or with all data where no copy was made. */
  async becomeAnother(): Promise<void> {
    this.#runs += 1
    if (this.#copies === undefined) return
    await this.forgetAll()
    for (const [key, value] of this.#copies) if (value !== null) await this.#redis.restore(key, 0, value)
    this.#copies = undefined
  }

  /** Copies the data, as a replica has them that gets no later writes. */
  async copy(): Promise<void> {
    const keys = await this.#keys()
    this.#copies = await Promise.all(keys.map(async key => [key, await this.#redis.dumpBuffer(key)] as const))
  }

  async forgetAll(): Promise<void> {
    const keys = await this.#keys()
    if (keys.length > 0) await this.#redis.del(keys)
  }

  /** Counts the calls that processes have reported, all in all. */
  async countSent(): Promise<number> {
    const keys = (await this.#keys()).filter(key => key.includes(':sent:'))
    const counts = await Promise.all(keys.map(key => this.#redis.hvals(key)))
    return counts.flat().reduce((sum, count) => sum + Number(count), 0)
  }

  #keys(): Promise<string[]> {
    return this.#redis.keys(`${this.#prefix}*`)
  }
}

/** Time that a command takes to the server, and an answer back, ms; drawn anew for each. */
export interface Way {
  readonly thereMs: () => number
  readonly backMs: () => number
}

/** The process at the end of a connection. */
export interface End {
  /** Runs `act` as soon as the process gets to it. */
  readonly deliver: (act: () => void) => void
}

const RECONNECTS_AFTER_MS = 60

/** A connection with those methods that the limiter uses. */
export class VirtualConnection extends EventEmitter {
  status = 'ready'
  readonly #server: VirtualRedis
  readonly #time: VirtualTime
  readonly #end: End
  readonly #way: Way
  readonly #waiting = new Set<(error: Error) => void>()
  #thereAt = 0
  #backAt = 0
  #losesReplies = false
  /** Counts connections: commands and answers of an old one do not come through a new one. */
  #connections = 1

  constructor(server: VirtualRedis, time: VirtualTime, end: End, way: Way) {
    super()
    this.#server = server
    this.#time = time
    this.#end = end
    this.#way = way
  }

  /** This object, with the type that a limiter takes. */
  get asRedis(): RedisConnection {
    return z.custom<RedisConnection>(value => value instanceof VirtualConnection).parse(this)
  }

  defineCommand(name: string, { lua }: { lua: string }): void {
    Reflect.set(this, name, (count: number, ...rest: (string | number)[]) =>
      this.#call(lua, rest.slice(0, count).map(String), rest.slice(count)),
    )
  }

  /** Loses all later answers of this connection, without an error. */
  loseReplies(): void {
    this.#losesReplies = true
  }

  disconnect(): void {
    if (this.status !== 'ready') return
    this.status = 'reconnecting'
    this.#connections += 1
    this.#losesReplies = false
    for (const reject of this.#waiting) reject(new Error('Connection is closed.'))
    this.#waiting.clear()
    this.emit('close')
    this.#time.at(this.#time.nowMs + RECONNECTS_AFTER_MS, () =>
      this.#end.deliver(() => {
        this.status = 'ready'
        this.emit('ready')
      }),
    )
  }

  #call(lua: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    if (this.status !== 'ready') return Promise.reject(new Error('Connection is closed.'))
    const connection = this.#connections
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject)
      // Keeps the order of commands, as TCP does.
      this.#thereAt = Math.max(this.#thereAt, this.#time.nowMs + this.#way.thereMs())
      this.#time.at(this.#thereAt, async () => {
        const answer = await this.#server.run(lua, keys, args).then(
          value => () => resolve(value),
          (error: unknown) => () => reject(error),
        )
        this.#backAt = Math.max(this.#backAt, this.#time.nowMs + this.#way.backMs())
        this.#time.at(this.#backAt, () =>
          this.#end.deliver(() => {
            if (connection !== this.#connections || this.#losesReplies) return
            this.#waiting.delete(reject)
            answer()
          }),
        )
      })
    })
  }
}
