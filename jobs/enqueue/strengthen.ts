import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { createRedisScript } from '../../redis/redis-script.ts'
import { waitingLineLua } from '../job/waiting-line.ts'
import { countsKeys, countsLua } from '../settle/ledger.ts'
import type { NewJob } from './new-job.ts'

const script = countsLua + waitingLineLua + readFileSync(new URL('./strengthen.lua', import.meta.url), 'utf8')
const answersSchema = z.array(z.tuple([z.enum(['same', 'strengthened', 'joined', 'new']), z.string()]))

/**
 * Adds the wishes of duplicates to the jobs that are there. Gives for each a result and the id of the job that serves
 * it. `new`: no job can, so the duplicate must be enqueued as a job of its own.
 */
export type Strengthen = (
  duplicates: readonly NewJob[],
) => Promise<readonly (readonly ['same' | 'strengthened' | 'joined' | 'new', string])[]>

/** Makes a {@link Strengthen} on a connection. It asks Redis nothing where there are no duplicates. */
export function createStrengthener(redis: RedisConnection, prefix: string): Strengthen {
  const run = createRedisScript(redis, 'clearFriendsStrengthen', script)
  const keys = countsKeys(prefix)
  return async duplicates => {
    if (duplicates.length === 0) return []
    // Not read by the script: a producer may read the fleet's state and not write it, and scripts ask for both rights.
    const fleetApp = (await redis.hget(keysOf(prefix).fleet, 'app')) ?? ''
    const pairs = duplicates.flatMap(({ opts, data }) => [opts.jobId, JSON.stringify(data)])
    return answersSchema.parse(await run(keys, [fleetApp, ...pairs]))
  }
}
