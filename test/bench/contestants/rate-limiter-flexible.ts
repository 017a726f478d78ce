import { Redis } from 'ioredis'
import pRetry from 'p-retry'
import { RateLimiterQueue, RateLimiterRedis } from 'rate-limiter-flexible'
import type { Prepared, Surrounding } from './contestant.ts'

/** rate-limiter-flexible with its queue, which its docs recommend for calls that should wait and not be refused. */
export async function rateLimiterFlexible({ redis, perSecond, call }: Surrounding): Promise<Prepared> {
  const storeClient = new Redis({ ...redis, enableOfflineQueue: false, lazyConnect: true })
  await storeClient.connect()
  const limiter = new RateLimiterRedis({ storeClient, keyPrefix: 'vendor', points: perSecond, duration: 1 })
  const queue = new RateLimiterQueue(limiter)
  const paced = async (account: string): Promise<void> => {
    await queue.removeTokens(1)
    await call(account)
  }
  return { clear: account => pRetry(() => paced(account)), close: async () => storeClient.disconnect() }
}
