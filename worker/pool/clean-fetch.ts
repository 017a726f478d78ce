import { readFileSync } from 'node:fs'
import { createIORedisClient, type IRedisClient } from 'bullmq'
import { z } from 'zod'
import { systemClock } from '../../limiter/clock.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { createRedisScript } from '../../redis/redis-script.ts'
import { cleanJob } from './raw-job.ts'

const mendLua = readFileSync(new URL('./mend-active.lua', import.meta.url), 'utf8')

/** BullMQ's scripts that fetch a job. Their names go on with the version. */
const FETCHES = /^moveTo(Active|Finished|Delayed)\b/
/** Their answer where there is a job: its hash, its id, and two times. */
const fetchedSchema = z.tuple([z.array(z.string()), z.string()], z.unknown())
/** Redis' words where a script counts up a field that holds no number, or a key that holds no hash. */
const BREAKS_OFF = /not an integer|would overflow|WRONGTYPE/

/**
 * Makes the client through which the pool's BullMQ talks to Redis: each job that it fetches is cleaned before BullMQ
 * parses it, see `raw-job.ts`.
 *
 * @param redis the caller closes it
 * @param prefix the value of `REDIS_PREFIX`
 */
export function createCleanClient(redis: RedisConnection, prefix: string): IRedisClient {
  const client = createIORedisClient(redis)
  const { queue } = keysOf(prefix)
  const mend = createRedisScript(redis, 'clearFriendsMendActive', mendLua)

  const clean = async (answer: unknown): Promise<unknown> => {
    const fetched = fetchedSchema.safeParse(answer)
    if (!fetched.success) return answer
    const [raw, jobId, ...times] = fetched.data
    const { fields, unusable, scheduler, throttledBy } = cleanJob(raw, systemClock.epochMs())
    if (unusable.length > 0) await redis.hdel(queue + jobId, ...unusable)
    // It would be added anew for ever, and its template holds the account.
    if (scheduler !== undefined)
      await redis.multi().zrem(`${queue}repeat`, scheduler).del(`${queue}repeat:${scheduler}`).exec()
    // BullMQ frees an account at the end of its job, unless the producer set a time of its own.
    if (throttledBy !== undefined) await redis.persist(`${queue}de:${throttledBy}`)
    return [fields, jobId, ...times]
  }
  const runCommand = async (name: string, args: unknown[]): Promise<unknown> => {
    if (!FETCHES.test(name)) return client.runCommand(name, args)
    try {
      return await clean(await client.runCommand(name, args))
    } catch (error) {
      if (error instanceof Error && BREAKS_OFF.test(error.message)) await mend([queue], [])
      throw error
    }
  }
  return new Proxy(client, {
    get: (target, name) => (name === 'runCommand' ? runCommand : Reflect.get(target, name)),
  })
}
