import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { createPermits } from '../../../limiter/index.ts'
import { startPrivateRedis } from '../../../private-redis/private-redis.ts'
import { DEFAULT_PREFIX, keysOf } from '../../../redis/keys.ts'
import { eventually } from '../../helpers/eventually.ts'

it('in a full memory calls go on, since they end jobs, and the rate is lowered when the vendor says so', async () => {
  const server = await startPrivateRedis()
  onTestFinished(() => server.stop())
  const redis = new Redis(server.url)
  onTestFinished(() => redis.disconnect())
  await redis.config('SET', 'maxmemory', '1')
  await expect(redis.set('anything', 'else')).rejects.toThrow('OOM')

  const refusals: string[] = []
  const permits = createPermits({ redis: server.url, onRefused: reason => void refusals.push(reason) })
  onTestFinished(() => permits.close())
  expect(await permits.pace('friend_get', () => 'called')).toMatchObject({ kind: 'sent', value: 'called' })
  permits.observe('friend_get', 'throttled')
  const lowered = () => redis.hget(keysOf(DEFAULT_PREFIX).fleet, 'lowered:friend_get')
  await eventually('the rate to be lowered', async () => (await lowered()) !== null)
  expect(refusals).toEqual([])
})
