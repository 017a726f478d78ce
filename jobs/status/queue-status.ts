import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { parseJson } from '../../config/parse-json.ts'
import { allowedRateLua } from '../../limiter/allowed-rate.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import { CLEAR_COMMAND, keysOf } from '../../redis/keys.ts'
import { createRedisScript } from '../../redis/redis-script.ts'
import { FIRST_STEP_AT, STEP_SECONDS } from '../job/due.ts'
import { FINAL_OUTCOMES, type FinalOutcome } from '../job/outcome.ts'

const script = allowedRateLua + readFileSync(new URL('./queue-status.lua', import.meta.url), 'utf8')

/** Enough for the default of 30 days: 4,320 steps of ten minutes. */
const STEPS_LOOKED_AT = 4400

/** The outcomes' hash as name, count, name, count …; Lua encodes an empty list as `{}`. */
const outcomesSchema = z.union([z.array(z.string()), z.object({}).transform((): string[] => [])])

const statusSchema = z
  .object({
    /** Redis' time when it was read, epoch ms. */
    readAt: z.number(),
    /** Waiting in line, retried ones included. */
    waiting: z.number(),
    active: z.number(),
    /** Waiting for their backoff to end. */
    delayed: z.number(),
    /** Dead letters. */
    failed: z.number(),
    /** When the oldest job that is not settled was enqueued, epoch ms; 0 when there is none. */
    oldestAt: z.number(),
    /** Whether workers may fetch. */
    queuePaused: z.boolean(),
    /** Clearing calls per second that the fleet allows itself now. */
    allowedPerSecond: z.number(),
    /** Jobs settled per second over the last ten seconds of work; the allowed rate while no job ends. */
    jobsPerSecond: z.number(),
    /** Seconds until the last backoff ends; 0 when none is under way. */
    lastBackoffSeconds: z.number(),
    /**
     * Jobs that will miss their due date at that rate; exact to a step of ten minutes. The script reads the first 500
     * retried jobs and the first 500 in backoff, and assumes that further ones are like them.
     */
    dueAtRisk: z.number(),
    /** Clearing calls that all workers sent in the last full second that is known. */
    callsLastSecond: z.number(),
    /** Jobs settled so far, by outcome. */
    outcomes: outcomesSchema,
  })
  .transform(({ oldestAt, outcomes, ...read }) => ({
    ...read,
    outcomes: outcomesIn(outcomes),
    /** Cleared accounts so far whose friend list was to be looked at and could not be read. */
    unproved: countOf(outcomes, 'unproved'),
    // The enqueue time comes from the producer's clock, which may run ahead of Redis'.
    oldestPendingSeconds: oldestAt === 0 ? 0 : Math.max(0, (read.readAt - oldestAt) / 1000),
  }))

/** Jobs in the queue by state, the age of the oldest one, and ended jobs by outcome. */
export type QueueStatus = Readonly<z.infer<typeof statusSchema>>

/** The settings of the rate that a status needs. */
export interface RateSettings {
  readonly ceilingPerSecond: number
  readonly margin: number
}

/** Makes a reader of the queue's status: one round trip, at the same cost whether a thousand jobs wait or a million. */
export function createQueueStatusReader(
  redis: RedisConnection,
  prefix: string,
  { ceilingPerSecond, margin }: RateSettings,
): () => Promise<QueueStatus> {
  const keys = keysOf(prefix)
  const run = createRedisScript(redis, 'clearFriendsQueueStatus', script)
  const scriptKeys = [keys.queue, keys.outcomes, keys.sent(CLEAR_COMMAND), keys.fleet, keys.receipts]
  const args = [STEPS_LOOKED_AT, FIRST_STEP_AT, STEP_SECONDS, ceilingPerSecond, margin, CLEAR_COMMAND]
  return async () => statusSchema.parse(parseJson(z.string().parse(await run(scriptKeys, args))))
}

function outcomesIn(pairs: readonly string[]): Record<FinalOutcome, number> {
  const counts = { cleared: 0, not_imported: 0, dead_lettered: 0, cancelled: 0 }
  for (const outcome of FINAL_OUTCOMES) counts[outcome] = countOf(pairs, outcome)
  return counts
}

function countOf(pairs: readonly string[], name: string): number {
  const at = pairs.indexOf(name)
  return at < 0 ? 0 : Number(pairs[at + 1])
}
