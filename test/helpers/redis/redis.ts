import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { inject } from 'vitest'

/** A key space of the run's Redis that belongs to one test, or to one file. */
export interface KeySpace {
  readonly url: string
  /** For `REDIS_PREFIX`: unique, with a hash tag, such as `{test-1f0c…}`. */
  readonly prefix: string
  /** Deletes every key with this prefix. Safe to repeat. */
  cleanUp(): Promise<void>
}

const KEYS_PER_ROUND = 1000

/**
 * Gives the run's Redis with a prefix that no other test has, so that tests may run side by side.
 *
 * For integration and end-to-end tests. A fault test breaks its server, so it starts one of its own.
 */
export function testRedis(): KeySpace {
  const url = inject('redisUrl')
  const prefix = `{test-${randomBytes(8).toString('hex')}}`
  return { url, prefix, cleanUp: () => deleteKeys(url, prefix) }
}

async function deleteKeys(url: string, prefix: string): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 })
  try {
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: KEYS_PER_ROUND })) {
      if (keys.length > 0) await redis.unlink(keys)
    }
  } finally {
    redis.disconnect()
  }
}
