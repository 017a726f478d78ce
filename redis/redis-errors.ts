/** Thrown when Redis is away or refuses. A command under way may have been carried out; repeating the call is safe. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError'
  readonly code = 'REDIS_UNAVAILABLE'
}

/** Thrown when the Redis server is older than 6.2.0. Nothing was written. */
export class RedisTooOldError extends Error {
  override readonly name = 'RedisTooOldError'
  readonly code = 'REDIS_TOO_OLD'
}
