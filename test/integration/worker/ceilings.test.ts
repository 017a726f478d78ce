import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Limiter } from '../../../limiter/limiter.ts'
import { permitGaps } from '../../helpers/redis/permit-slots.ts'
import { type KeySpace, testRedis } from '../../helpers/redis/redis.ts'

let keySpace: KeySpace
let redis: Redis
let limiter: Limiter

beforeEach(() => {
  keySpace = testRedis()
  redis = new Redis(keySpace.url, { maxRetriesPerRequest: null })
  limiter = new Limiter({ redis, prefix: keySpace.prefix, ceilingPerSecond: 200, margin: 0.01 })
})

afterEach(async () => {
  limiter.close()
  redis.disconnect()
  await keySpace.cleanUp()
})

/** Makes calls and gives the shortest time between two of their permits, in µs on the clock of Redis. */
async function shortestGapOf(command: string): Promise<number> {
  await Promise.all(Array.from({ length: 20 }, () => limiter.pace(command, () => {})))
  const gaps = await permitGaps(redis, keySpace.prefix, command)
  expect(gaps.length).toBeGreaterThan(10)
  return Math.min(...gaps)
}

it('calls account_check half as often as the other commands, as the vendor wants it', async () => {
  const [checks, reads] = await Promise.all(['account_check', 'friend_get'].map(shortestGapOf))
  expect(checks).toBeGreaterThanOrEqual(1_000_000 / 100)
  expect(reads).toBeGreaterThanOrEqual(1_000_000 / 200)
  expect(reads).toBeLessThan(1_000_000 / 150)
})

it('lowers the rate of a command from its own ceiling', async () => {
  limiter.observe('account_check', 'throttled')
  await expect.poll(() => redis.hget(`${keySpace.prefix}:fleet`, 'lowered:account_check')).toMatch(/^99\./)
})

it('says that the rate was changed only where it was', async () => {
  const changes: string[] = []
  const { prefix } = keySpace
  const told = new Limiter({
    ...{ redis, prefix, ceilingPerSecond: 200, margin: 0.01 },
    onRate: (_command, trouble) => void changes.push(trouble),
  })
  // A few requests without an answer and then one with an answer: no outage, and so no end of one.
  for (const sign of ['unanswered', 'unanswered', 'unanswered', 'answered'] as const) told.observe('friend_get', sign)
  for (let n = 0; n < 10; n++) told.observe('friend_get', 'unanswered')
  await expect.poll(() => changes).toContain('outage')
  told.observe('friend_get', 'answered')
  await expect.poll(() => changes).toContain('recovered')
  expect(changes.filter(each => each === 'recovered')).toHaveLength(1)
  told.close()
})
