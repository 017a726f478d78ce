import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { obtainRedis } from '../../private-redis/private-redis.ts'
import type { Shell } from '../shell.ts'

/** Remembers a clean-up for the end of the demo; the last one runs first. */
export type Later = (cleanUp: () => Promise<unknown>) => void

/**
 * Opens a Redis for the demo, with a prefix of its own, since others may use the same Redis. The demo's keys are removed
 * at its end.
 */
export async function openDemoRedis(
  { environment, say }: Shell,
  later: Later,
): Promise<{ redis: Redis; url: string; prefix: string }> {
  const server = await obtainRedis(environment['REDIS_URL'], { report: say })
  later(() => server.stop())
  const prefix = `{demo-${randomBytes(4).toString('hex')}}`
  const redis = new Redis(server.url, { maxRetriesPerRequest: 1 })
  redis.on('error', () => {})
  later(() => deleteKeys(redis, prefix).finally(() => redis.disconnect()))
  return { redis, url: server.url, prefix }
}

async function deleteKeys(redis: Redis, prefix: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1000 })) {
    if (keys.length > 0) await redis.unlink(keys)
  }
}
