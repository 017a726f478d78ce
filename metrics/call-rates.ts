import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { allowedRateLua } from '../limiter/allowed-rate.ts'
import { ceilingOf } from '../limiter/ceilings.ts'
import type { RedisConnection } from '../redis/connection.ts'
import { keysOf } from '../redis/keys.ts'
import { createRedisScript } from '../redis/redis-script.ts'

const script = allowedRateLua + readFileSync(new URL('./call-rates.lua', import.meta.url), 'utf8')

/** Calls of one command of the vendor, over the whole fleet. */
export interface CallRates {
  readonly command: string
  /** Calls per second that the fleet allows itself now. */
  readonly allowedPerSecond: number
  /** Calls really sent in the fullest rolling second since the same reader asked last, exact to bins of 10 ms. */
  readonly peakPerSecond: number
}

/** With more readers than this, some do not come again; the one that asked longest ago is forgotten. */
const READERS_REMEMBERED = 64

const answerSchema = z.tuple([z.number()], z.union([z.number(), z.string().transform(Number)]))

/**
 * Makes a reader of the calls that the fleet sends and may send. One round trip for all commands.
 *
 * The returned function takes the name of its caller, so that two callers in turn do not take peaks from each other. A
 * caller gets the peak of the last two minutes the first time, and after a longer pause. The last second is left out
 * and belongs to the next answer, because the workers have not reported all its calls yet.
 */
export function createCallRatesReader(
  redis: RedisConnection,
  prefix: string,
  ceilingPerSecond: number,
  commands: readonly string[],
): (reader: string) => Promise<CallRates[]> {
  const keys = keysOf(prefix)
  const run = createRedisScript(redis, 'clearFriendsCallRates', script)
  const scriptKeys = [keys.fleet, ...commands.map(keys.sent)]
  const commandsWithCeilings = commands.flatMap(command => [command, ceilingOf(command, ceilingPerSecond)])
  /** Last bin of Redis' time that each reader has got, in the order of the readers' last questions. */
  const toldUntil = new Map<string, number>()
  return async reader => {
    const answer = await run(scriptKeys, [toldUntil.get(reader) ?? 0, ...commandsWithCeilings])
    const [until, ...rates] = answerSchema.parse(answer)
    toldUntil.delete(reader)
    toldUntil.set(reader, until)
    for (const [oldest] of toldUntil) if (toldUntil.size > READERS_REMEMBERED) toldUntil.delete(oldest)
    return commands.map((command, index) => ({
      command,
      allowedPerSecond: rates[index * 2] ?? 0,
      peakPerSecond: rates[index * 2 + 1] ?? 0,
    }))
  }
}
