import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createProducer } from '../../../jobs/enqueue/producer.ts'
import { type PrivateRedis, startPrivateRedis } from '../../../private-redis/private-redis.ts'
import { DEFAULT_PREFIX } from '../../../redis/keys.ts'

const JOBS = 20_000
const AT_MOST_BYTES = 600

// This server has the settings of the compose file, which the one of REDIS_URL need not have.
let server: PrivateRedis
beforeAll(async () => {
  server = await startPrivateRedis({ appendFsync: 'no' })
})
afterAll(() => server.stop())

it(`a waiting job of a short account costs at most ${AT_MOST_BYTES} bytes of Redis`, async () => {
  const redis = new Redis(server.url)
  const producer = createProducer({ redis })
  expect(await redis.config('GET', 'hash-max-listpack-value')).toEqual(['hash-max-listpack-value', '256'])
  const accounts = Array.from({ length: JOBS }, (_, index) => `user_${index + 1}`)
  await producer.enqueueMany(accounts)
  // Keys that do not grow with the jobs take little memory beside them; the stream of events takes most of it.
  const bytesPerJob = (await memoryOf(redis, DEFAULT_PREFIX)) / JOBS
  await producer.close()
  redis.disconnect()
  expect(bytesPerJob).toBeLessThanOrEqual(AT_MOST_BYTES)
})

/** Sums up the memory of all keys with a prefix, each with its share of the table of keys. */
async function memoryOf(redis: Redis, prefix: string): Promise<number> {
  let sum = 0
  for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 5000 })) {
    const pipeline = redis.pipeline()
    // SAMPLES 0 looks at every element; the default would guess from five.
    for (const key of keys) pipeline.memory('USAGE', key, 'SAMPLES', 0)
    for (const [, bytes] of (await pipeline.exec()) ?? []) sum += Number(bytes)
  }
  return sum
}
