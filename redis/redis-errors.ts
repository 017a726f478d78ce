/**
 * Thrown when Redis cannot be reached, does not answer or refuses. Where it did not answer, nothing is known of what was
 * under way; repeating is safe.
 */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError'
  readonly code = 'REDIS_UNAVAILABLE'
}

/** Thrown when the Redis server is older than what this library needs. Nothing was written. */
export class RedisTooOldError extends Error {
  override readonly name = 'RedisTooOldError'
  readonly code = 'REDIS_TOO_OLD'
}
