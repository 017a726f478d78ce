import Bottleneck from 'bottleneck'
import { Redis } from 'ioredis'
import pRetry from 'p-retry'
import type { Prepared, Surrounding } from './contestant.ts'

/**
 * Bottleneck's clustering. Its docs call `minTime` enough for a smooth rate, and a reservoir needs intervals of five
 * seconds in a cluster. They demand an id, an expiration on every job and an error listener. A repeat goes through the
 * limiter again, which Bottleneck's own retries would not.
 */
export async function bottleneckClustering({ redis, perSecond, call }: Surrounding): Promise<Prepared> {
  const limiter = new Bottleneck({
    id: 'vendor',
    minTime: 1000 / perSecond,
    datastore: 'ioredis',
    clearDatastore: false,
    clientOptions: redis,
    Redis,
  })
  limiter.on('error', error => process.stderr.write(`${String(error)}\n`))
  await limiter.ready()
  return {
    clear: account => pRetry(() => limiter.schedule({ expiration: 60_000 }, () => call(account))),
    close: () => limiter.disconnect(),
  }
}
