import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { refusalOf } from '../../redis/redis-refusal.ts'
import { createRedisScript } from '../../redis/redis-script.ts'
import { InvalidRateError } from '../job/errors.ts'
import type { ClearFriendsQueue } from '../job/queue.ts'

/**
 * What holds for the whole fleet at once: the operator's pause, the halt on our own fault, the live rate.
 *
 * It lives in one hash that the permit script reads before every call, so that no process can miss it. BullMQ's own
 * pause flag goes with it and keeps the workers from fetching.
 */
export interface FleetState {
  /** Set by an operator; only an operator's `resume` ends it. */
  readonly paused: null | Pause
  /** Set by a worker on a fault of our own credentials or settings. */
  readonly halted: null | Halt
}

/** An operator's pause. `since` is epoch seconds. */
export interface Pause {
  readonly reason: string
  readonly since: number
}

/** A halt on our own fault. `since` is epoch seconds. */
export interface Halt {
  readonly code: string
  readonly reason: string
  readonly since: number
}

const pauseSchema = z.object({ reason: z.string(), since: z.number() })
const haltSchema = z.object({ code: z.string(), reason: z.string(), since: z.number() })

/** Makes a reader of the fleet's state. What cannot be parsed counts as closed, since an open gate would be worse. */
export function createFleetReader(redis: RedisConnection, prefix: string): () => Promise<FleetState> {
  return async () => parseFleet(await redis.hmget(keysOf(prefix).fleet, 'pause', 'halt'))
}

function parseFleet([pause, halt]: readonly (string | null)[]): FleetState {
  return {
    paused: parseField(pause, pauseSchema, { reason: 'the stored reason cannot be read', since: 0 }),
    halted: parseField(halt, haltSchema, { code: 'unreadable', reason: 'the stored halt cannot be read', since: 0 }),
  }
}

/**
 * Gives what tells this fleet from every other: a random id that is made when it is first asked for. A Redis that has
 * lost its data has another one.
 */
export async function readFleetId(redis: RedisConnection, prefix: string): Promise<string> {
  const { fleet } = keysOf(prefix)
  await redis.hsetnx(fleet, 'id', randomUUID())
  return z.string().parse(await redis.hget(fleet, 'id'))
}

/** The code of a halt because suspiciously many accounts do not exist. Only a person can end it. */
export const TOO_MANY_MISSING = 'too_many_missing'

const MISSING_IS_RIGHT_SECONDS = 86_400

/** Changes what holds for the whole fleet. Everything is safe to repeat, and by many processes at once. */
export interface FleetControl {
  /** Pauses: no call is sent any more, jobs stay in the queue. Pausing again only changes the reason. */
  pause(pause: Pause): Promise<void>
  /** Ends an operator's pause and a halt, and lets the workers fetch again. */
  resume(): Promise<void>
  /**
   * Halts on a fault of our own. The first halt stays, so that its reason and time are the true ones. A halt because of
   * {@link TOO_MANY_MISSING} that comes after a person has said that this is right is none.
   *
   * @returns whether this call was the one that halted
   */
  halt(halt: Halt): Promise<boolean>
  /** Ends a halt because its cause is gone; an operator's pause stays. */
  liftHalt(): Promise<void>
  /** Brings BullMQ's pause flag in line with the fleet's state, as a process that was killed in between left it. */
  align(): Promise<void>
}

/**
 * Writes a field of the fleet's hash. The first command changes nothing, and lets the second through where the memory of
 * Redis is full, see ledger.lua: a fleet must be stoppable then.
 */
const setLua = "redis.call('PERSIST', KEYS[1]) return redis.call(ARGV[1], KEYS[1], ARGV[2], ARGV[3])"

/**
 * Makes the control of a fleet. All processes hear of a change at once, on the channel that is named like the fleet's
 * key; whoever misses the news is stopped by the permit script.
 */
export function createFleetControl(redis: RedisConnection, queue: ClearFriendsQueue, prefix: string): FleetControl {
  const { fleet, missingIsRight } = keysOf(prefix)
  const isClosed = async (): Promise<boolean> => (await redis.hmget(fleet, 'pause', 'halt')).some(set => set !== null)
  // The state decides and BullMQ's flag follows. Two processes may set the flag in either order; since each looks again
  // after it has set it, the last one to set it leaves what the state says.
  const align = async (): Promise<void> => {
    for (let closed = await isClosed(), set: boolean | undefined; closed !== set; closed = await isClosed()) {
      await (closed ? queue.pause() : queue.resume())
      set = closed
    }
  }
  const setField = createRedisScript(redis, 'clearFriendsSetFleet', setLua)
  // Calls stop before fetching does; fetching is possible before it is tried.
  const changed = async (): Promise<void> => {
    const closed = await isClosed()
    if (closed) await redis.publish(fleet, 'closed')
    // What Redis refuses in a full memory is only the flag, which a process that starts later brings in line.
    await align().catch((error: unknown) => {
      if (!closed || refusalOf(error) === undefined) throw error
    })
    if (!closed) await redis.publish(fleet, 'opened')
  }
  return {
    pause: async pause => {
      await setField([fleet], ['HSET', 'pause', JSON.stringify(pause)])
      await changed()
    },
    resume: async () => {
      const halt = parseField(await redis.hget(fleet, 'halt'), haltSchema, null)
      // A person has looked: for a day, accounts that do not exist are no reason to halt again.
      if (halt?.code === TOO_MANY_MISSING) await redis.set(missingIsRight, '1', 'EX', MISSING_IS_RIGHT_SECONDS)
      await redis.hdel(fleet, 'pause', 'halt')
      await changed()
    },
    halt: async halt => {
      const first = await setField([fleet], ['HSETNX', 'halt', JSON.stringify(halt)])
      // Jobs that were under way when the person resumed still find many accounts missing.
      if (first === 1 && halt.code === TOO_MANY_MISSING && (await redis.exists(missingIsRight)) === 1) {
        await redis.hdel(fleet, 'halt')
        await changed()
        return false
      }
      await changed()
      return first === 1
    },
    liftHalt: async () => {
      await redis.hdel(fleet, 'halt')
      await changed()
    },
    align,
  }
}

function parseField<T>(text: string | null | undefined, schema: z.ZodType<T>, unreadable: T | null): T | null {
  if (text === null || text === undefined) return null
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    return unreadable
  }
}

/**
 * Sets the rate of the fleet; it holds for all processes from their next call on.
 *
 * @param rate whole calls per second
 * @throws {InvalidRateError} when it is below 1 or above the ceiling
 */
export async function setFleetRate(
  redis: RedisConnection,
  prefix: string,
  rate: number,
  ceiling: number,
): Promise<void> {
  if (!Number.isInteger(rate) || rate < 1 || rate > ceiling) {
    throw new InvalidRateError(`the rate must be a whole number from 1 to ${ceiling}, which is RATE_LIMIT_PER_SECOND`)
  }
  await redis.hset(keysOf(prefix).fleet, 'rate', rate)
}
