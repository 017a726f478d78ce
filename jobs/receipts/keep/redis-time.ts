import type { RedisConnection } from '../../../redis/connection.ts'

/** Reads the clock of Redis, epoch ms. */
export async function redisNow(redis: RedisConnection): Promise<number> {
  const [seconds, microseconds] = await redis.time()
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
}
