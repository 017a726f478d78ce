import { type PrivateRedisOptions, startPrivateRedis } from './private-redis.ts'

/** A Redis to work with, and how to give it back. */
export interface ObtainedRedis {
  readonly url: string
  /** `given`: the server of REDIS_URL, which others may use too; `private`: started for this process. */
  readonly kind: 'given' | 'private'
  /** Stops a private server; leaves a given one alone. */
  release(): Promise<void>
}

/**
 * Gives the server of `REDIS_URL` as it is, or else starts a private one.
 *
 * @param givenUrl the value of `REDIS_URL`; unset and empty mean the same
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
