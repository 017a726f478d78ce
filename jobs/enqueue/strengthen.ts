import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { createRedisScript } from '../../redis/redis-script.ts'
import { waitingLineLua } from '../job/waiting-line.ts'
import { ledgerKeys, ledgerLua } from '../settle/ledger.ts'
import type { NewJob } from './new-job.ts'

const script = ledgerLua + waitingLineLua + readFileSync(new URL('./strengthen.lua', import.meta.url), 'utf8')
const answersSchema = z.array(z.tuple([z.enum(['same', 'strengthened', 'new']), z.string()]))

/**
 * Adds the wishes of duplicates to the jobs that are there. Gives for each a result and the id of the job that serves
 * it. `new`: no job can, so the duplicate must be enqueued as a job of its own.
 */
export type Strengthen = (
  duplicates: readonly NewJob[],
) => Promise<readonly (readonly ['same' | 'strengthened' | 'new', string])[]>

/** Makes a {@link Strengthen} on a connection. It asks Redis nothing where there are no duplicates. */
export function createStrengthener(redis: RedisConnection, prefix: string): Strengthen {
  const run = createRedisScript(redis, 'clearFriendsStrengthen', script)
  const keys = [...ledgerKeys(prefix), keysOf(prefix).fleet]
  return async duplicates => {
    if (duplicates.length === 0) return []
    const args = duplicates.flatMap(({ opts, data }) => [opts.jobId, JSON.stringify(data)])
    return answersSchema.parse(await run(keys, args))
  }
}
