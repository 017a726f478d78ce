import type { TestProject } from 'vitest/node'
import { startPrivateRedis } from '../../../private-redis/private-redis.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The Redis of this run; see `testRedis` in `redis.ts`. */
    redisUrl: string
  }
}

/**
 * Provides a Redis to every test of a vitest project: the server of `REDIS_URL`, else a private one for the run.
 *
 * @returns a function that ends it after the last test
 */
export default async function provideRedis(project: TestProject): Promise<() => Promise<void>> {
  const { REDIS_URL: givenUrl } = process.env
  if (givenUrl) {
    project.provide('redisUrl', givenUrl)
    return async () => {}
  }
  const redis = await startPrivateRedis({ report: line => process.stderr.write(`${line}\n`) })
  project.provide('redisUrl', redis.url)
  return () => redis.stop()
}
