import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { RedisConnection } from '../redis/connection.ts'
import { keysOf } from '../redis/keys.ts'
import { createRedisScript } from '../redis/redis-script.ts'
import { allowedRateLua } from './allowed-rate.ts'
import { ceilingOf } from './ceilings.ts'

const script = allowedRateLua + readFileSync(new URL('./call-rates.lua', import.meta.url), 'utf8')

/** Calls of one command of the vendor, over the whole fleet. */
export interface CallRates {
  readonly command: string
  /** Calls per second that the fleet allows itself now. */
  readonly allowedPerSecond: number
  /** Calls really sent in the fullest rolling second since the same reader asked last, exact to bins of 10 ms. */
  readonly peakPerSecond: number
}

/** More readers than this are none that come again. */
const READERS_REMEMBERED = 64

const answerSchema = z.tuple([z.number()], z.union([z.number(), z.string().transform(Number)]))

/**
 * Makes a reader of what the fleet calls and may call. One round trip for all commands.
 *
 * What it gives takes the name of who asks, so that two who ask in turn do not take peaks from each other. Whoever asks
 * for the first time gets the peak of the last two minutes, and so does whoever asks again later than that. The last
 * second is left out and belongs to the next answer: the workers have not told of all its calls yet.
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
  /** Up to where each reader has been told, in bins of Redis' time. In the order of their last question. */
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
