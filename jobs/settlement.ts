import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { keysOf } from './keys.ts'
import type { FinalOutcome } from './outcome.ts'
import type { RedisConnection } from './queue.ts'
import { createRedisScript } from './redis-script.ts'

const script = readFileSync(new URL('./settle.lua', import.meta.url), 'utf8')
const answerSchema = z.enum(['settled', 'suspicious', 'already', 'gone'])

/** `settled`: this call did it; `suspicious`: it did, and too many accounts in a row do not exist. `already`: an earlier one did. `gone`: the job is no longer there. */
export type Settled = z.infer<typeof answerSchema>

/** Writes the final outcome of jobs, each exactly once, whatever crashes in between. */
export interface Settlement {
  /** Safe to repeat: the first outcome of a job stays. */
  settle(jobId: string, outcome: FinalOutcome): Promise<Settled>
}

/**
 * Makes a settlement on a connection.
 *
 * @param redis stays the caller's
 * @param prefix the value of `REDIS_PREFIX`
 */
export function createSettlement(redis: RedisConnection, prefix: string): Settlement {
  const keys = keysOf(prefix)
  const run = createRedisScript(redis, 'clearFriendsSettle', script)
  const { outcomes, lastOutcomes, missingIsRight } = keys
  return {
    settle: async (jobId, outcome) =>
      answerSchema.parse(await run([keys.queue + jobId, outcomes, lastOutcomes, missingIsRight], [outcome])),
  }
}
