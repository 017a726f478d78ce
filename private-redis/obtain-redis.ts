import { type PrivateRedisOptions, startPrivateRedis } from './private-redis.ts'

/** A Redis to work with, until its release. */
export interface ObtainedRedis {
  readonly url: string
  /** `given`: the server of REDIS_URL, which others may use too. `private`: a server for this process. */
  readonly kind: 'given' | 'private'
  /** Stops a private server; does nothing to a given one. */
  release(): Promise<void>
}

/**
 * Gives the server of `REDIS_URL`; starts a private one if it is not set.
 *
 * @param givenUrl the value of `REDIS_URL`; an empty text counts as not set
 * @throws RedisNotFoundError, RedisStartError as {@link startPrivateRedis}
 */
export async function obtainRedis(
  givenUrl: string | undefined,
  options: PrivateRedisOptions = {},
): Promise<ObtainedRedis> {
  if (givenUrl !== undefined && givenUrl !== '') return { url: givenUrl, kind: 'given', release: async () => {} }
  const redis = await startPrivateRedis(options)
  return { url: redis.url, kind: 'private', release: () => redis.stop() }
}
