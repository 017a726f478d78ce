import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Limiter } from '../../../limiter/limiter.ts'
import { type TestRedis, testRedis } from '../../helpers/redis/redis.ts'

let corner: TestRedis
let redis: Redis
let limiter: Limiter

beforeEach(() => {
  corner = testRedis()
  redis = new Redis(corner.url, { maxRetriesPerRequest: null })
  limiter = new Limiter({ redis, prefix: corner.prefix, ceilingPerSecond: 200, margin: 0.01 })
})

afterEach(async () => {
  limiter.close()
  redis.disconnect()
  await corner.cleanUp()
})

/** Sends so many calls and gives the time between the first and the last, in ms. */
async function spanOf(command: string, calls: number): Promise<number> {
  const sentAt: number[] = []
  const send = (): void => void sentAt.push(performance.now())
  await Promise.all(Array.from({ length: calls }, () => limiter.pace(command, send)))
  return Math.max(...sentAt) - Math.min(...sentAt)
}

it('calls account_check half as often as the other commands, as the vendor wants it', async () => {
  // 100 calls a second: the 101st is a second behind the first, less what a timer may be off.
  expect(await spanOf('account_check', 101)).toBeGreaterThan(990)
  expect(await spanOf('friend_get', 101)).toBeGreaterThan(480)
})

it('lowers the rate of a command from its own ceiling', async () => {
  limiter.see('account_check', 'throttled')
  await expect.poll(() => redis.hget(`${corner.prefix}:fleet`, 'lowered:account_check')).toMatch(/^99\./)
})

it('says that the rate was changed only where it was', async () => {
  const changes: string[] = []
  const { prefix } = corner
  const told = new Limiter({
    ...{ redis, prefix, ceilingPerSecond: 200, margin: 0.01 },
    onRate: (_command, trouble) => void changes.push(trouble),
  })
  // A few requests without an answer, and then one with: no outage, and so no end of one.
  for (const sign of ['unanswered', 'unanswered', 'unanswered', 'answered'] as const) told.see('friend_get', sign)
  for (let n = 0; n < 10; n++) told.see('friend_get', 'unanswered')
  await expect.poll(() => changes).toContain('outage')
  told.see('friend_get', 'answered')
  await expect.poll(() => changes).toContain('recovered')
  expect(changes.filter(each => each === 'recovered')).toHaveLength(1)
  told.close()
})
