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

/** Jobs in the queue by state, and ended jobs by outcome. */
export interface QueueStatus {
  /** Redis' time when it was read, epoch ms. */
  readonly readAt: number
  /** Waiting in line, retried ones included. */
  readonly waiting: number
  readonly active: number
  /** Waiting for their backoff to end. */
  readonly delayed: number
  /** Dead letters. */
  readonly failed: number
  /** Seconds since the oldest job that is not settled was enqueued; 0 when there is none. */
  readonly oldestPendingSeconds: number
  /** Whether workers may fetch. */
  readonly queuePaused: boolean
  /** Clearing calls per second that the fleet allows itself now. */
  readonly allowedPerSecond: number
  /** Jobs settled per second over the last ten seconds of work; the allowed rate while no job ends. */
  readonly jobsPerSecond: number
  /** Seconds until the last backoff ends; 0 when none is under way. */
  readonly lastBackoffSeconds: number
  /**
   * Jobs that will miss their due date at that rate; exact to a step of ten minutes. The script reads the first 500
   * retried jobs and the first 500 in backoff, and assumes that further ones are like them.
   */
  readonly dueAtRisk: number
  /** Clearing calls that all workers sent in the last full second that is known. */
  readonly callsLastSecond: number
  /** Jobs settled so far, by outcome. */
  readonly outcomes: Readonly<Record<FinalOutcome, number>>
}

const answerSchema = z.object({
  readAt: z.number(),
  waiting: z.number(),
  active: z.number(),
  delayed: z.number(),
  failed: z.number(),
  /** Epoch ms; 0 when no job is pending. */
  oldestAt: z.number(),
  queuePaused: z.boolean(),
  dueAtRisk: z.number(),
  callsLastSecond: z.number(),
  allowedPerSecond: z.number(),
  jobsPerSecond: z.number(),
  lastBackoffSeconds: z.number(),
  /** The hash as name, count, name, count …; Lua encodes an empty list as `{}`. */
  outcomes: z.union([z.array(z.string()), z.object({}).transform(() => [])]),
})

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
  return async () => toStatus(answerSchema.parse(parseJson(z.string().parse(await run(scriptKeys, args)))))
}

function toStatus({ oldestAt, outcomes, ...read }: z.infer<typeof answerSchema>): QueueStatus {
  return {
    ...read,
    // The enqueue time comes from the producer's clock, which may run ahead of Redis'.
    oldestPendingSeconds: oldestAt === 0 ? 0 : Math.max(0, (read.readAt - oldestAt) / 1000),
    outcomes: countsOf(outcomes),
  }
}

function countsOf(pairs: readonly string[]): Record<FinalOutcome, number> {
  const counts = { cleared: 0, not_imported: 0, dead_lettered: 0, cancelled: 0 }
  for (const outcome of FINAL_OUTCOMES) {
    const at = pairs.indexOf(outcome)
    if (at >= 0) counts[outcome] = Number(pairs[at + 1])
  }
  return counts
}
