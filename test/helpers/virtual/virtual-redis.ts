/**
 * A Redis in virtual time: the real scripts on a real server, a clock that the test may step, and connections that
 * carry commands as slowly as the test wants, lose them or break.
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
  /** What its clock shows at the beginning, ms. */
  #startsAt = 1_700_000_000_000
  #runs = 1
  /** Scripts that it ran: each is a round trip of somebody. */
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

  /** Another server with the data of {@link copy}, or with all data where none was made. */
  async becomeAnother(): Promise<void> {
    this.#runs += 1
    if (this.#copies === undefined) return
    await this.forgetAll()
    for (const [key, value] of this.#copies) if (value !== null) await this.#redis.restore(key, 0, value)
    this.#copies = undefined
  }

  /** Writes after this moment do not reach the server's replica. */
  async copy(): Promise<void> {
    const keys = await this.#keys()
    this.#copies = await Promise.all(keys.map(async key => [key, await this.#redis.dumpBuffer(key)] as const))
  }

  async forgetAll(): Promise<void> {
    const keys = await this.#keys()
    if (keys.length > 0) await this.#redis.del(keys)
  }

  /** Calls that processes told of, all in all. */
  async countSent(): Promise<number> {
    const keys = (await this.#keys()).filter(key => key.includes(':sent:'))
    const counts = await Promise.all(keys.map(key => this.#redis.hvals(key)))
    return counts.flat().reduce((sum, count) => sum + Number(count), 0)
  }

  #keys(): Promise<string[]> {
    return this.#redis.keys(`${this.#prefix}*`)
  }
}

/** How long a command takes to the server, and an answer back, ms. Asked anew for each. */
export interface Way {
  readonly thereMs: () => number
  readonly backMs: () => number
}

/** What belongs to the process at the end of a connection. */
export interface End {
  /** Hands something in, as soon as the process gets to it. */
  readonly deliver: (act: () => void) => void
}

const RECONNECTS_AFTER_MS = 60

/** A connection as far as the limiter uses one. */
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
  /** Counts connections: what an old one carried does not come through a new one. */
  #connections = 1

  constructor(server: VirtualRedis, time: VirtualTime, end: End, way: Way) {
    super()
    this.#server = server
    this.#time = time
    this.#end = end
    this.#way = way
  }

  /** The same object with the type that a limiter takes. */
  get asRedis(): RedisConnection {
    return z.custom<RedisConnection>(value => value instanceof VirtualConnection).parse(this)
  }

  defineCommand(name: string, { lua }: { lua: string }): void {
    Reflect.set(this, name, (count: number, ...rest: (string | number)[]) =>
      this.#call(lua, rest.slice(0, count).map(String), rest.slice(count)),
    )
  }

  /** Nothing more comes back on this connection, and nobody is told. */
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
      // In order, as TCP carries.
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
