import { readFileSync } from 'node:fs'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { refusalOf } from '../../redis/redis-refusal.ts'
import { createRedisScript } from '../../redis/redis-script.ts'
import { InvalidRateError } from '../job/errors.ts'
import type { ClearFriendsQueue } from '../job/queue.ts'
import { createFleetReader, type Halt, type Pause, type Resume, TOO_MANY_MISSING } from './fleet-state.ts'

const haltLua = readFileSync(new URL('./halt.lua', import.meta.url), 'utf8')

const MISSING_IS_RIGHT_SECONDS = 86_400

/** Pauses, halts and resumes the whole fleet. Each call is safe to repeat, also by many processes at once. */
export interface FleetControl {
  /** Pauses the fleet: workers send no more calls, jobs stay in the queue. Pausing again only changes the reason. */
  pause(pause: Pause): Promise<void>
  /** Ends an operator's pause and a halt, stores the reason, and lets the workers fetch again. */
  resume(resume: Resume): Promise<void>
  /**
   * Halts the fleet on a fault of our own. The first halt stays, so that its reason and time are the true ones. After
   * an operator resumed from {@link TOO_MANY_MISSING}, a halt with this code has no effect for a day.
   *
   * @param firstProbeAfterMs no worker probes earlier; default 0
   * @returns whether this call was the one that halted
   */
  halt(halt: Omit<Halt, 'sinceMs'>, firstProbeAfterMs?: number): Promise<boolean>
  /** Ends a halt because its cause is gone; an operator's pause stays. */
  liftHalt(): Promise<void>
  /** Brings BullMQ's pause flag in line with the fleet's state; a process that was killed may have left it behind. */
  align(): Promise<void>
}

/**
 * Writes a field of the fleet's hash. The first command changes nothing, and lets the second through where the memory
 * of Redis is full, see ledger.lua: a fleet must be stoppable then.
 */
const setLua = "redis.call('PERSIST', KEYS[1]) return redis.call(ARGV[1], KEYS[1], ARGV[2], ARGV[3])"

/**
 * Makes the control of a fleet. It publishes each change on the channel that is named like the fleet's key. The permit
 * script stops a process that misses the news.
 */
export function createFleetControl(redis: RedisConnection, queue: ClearFriendsQueue, prefix: string): FleetControl {
  const { fleet, missingIsRight, probe } = keysOf(prefix)
  const readFleet = createFleetReader(redis, prefix)
  const isClosed = async (): Promise<boolean> => (await redis.hmget(fleet, 'pause', 'halt')).some(set => set !== null)
  // The state decides and BullMQ's flag follows. Two processes may set the flag in either order. Each reads the state
  // again after it has set the flag, so the last one leaves the flag as the state says.
  const align = async (): Promise<void> => {
    for (let closed = await isClosed(), set: boolean | undefined; closed !== set; closed = await isClosed()) {
      await (closed ? queue.pause() : queue.resume())
      set = closed
    }
  }
  const setField = createRedisScript(redis, 'clearFriendsSetFleet', setLua)
  const changeHalt = createRedisScript(redis, 'clearFriendsHalt', haltLua)
  // A fleet that closes stops calls before fetching; one that opens allows fetching before workers try it.
  const changed = async (): Promise<void> => {
    const closed = await isClosed()
    if (closed) await redis.publish(fleet, 'closed')
    // With a full memory Redis refuses only the flag, which a process that starts later brings in line.
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
    resume: async resume => {
      const { halted } = await readFleet()
      // A person has looked: for a day, accounts that do not exist are no reason to halt again.
      if (halted?.code === TOO_MANY_MISSING) await redis.set(missingIsRight, '1', 'EX', MISSING_IS_RIGHT_SECONDS)
      await redis.hdel(fleet, 'pause', 'halt', 'lifted')
      await setField([fleet], ['HSET', 'resume', JSON.stringify(resume)])
      await changed()
    },
    halt: async ({ code, reason, host }, firstProbeAfterMs = 0) => {
      const args = ['halt', code, reason, host, TOO_MANY_MISSING, firstProbeAfterMs]
      const halted = await changeHalt([fleet, missingIsRight, probe], args)
      await changed()
      return halted === 1
    },
    liftHalt: async () => {
      await changeHalt([fleet, missingIsRight, probe], ['lift'])
      await changed()
    },
    align,
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
    throw new InvalidRateError(
      `the rate must be a whole number from 1 to ${ceiling}, the lowest RATE_LIMIT_PER_SECOND of this command and the live workers`,
    )
  }
  await redis.hset(keysOf(prefix).fleet, 'rate', rate)
}
