import { Redis } from 'ioredis'
import { afterAll, expect, it } from 'vitest'
import { testRedis } from '../../helpers/redis/redis.ts'

const mine = testRedis()
const others = testRedis()
const redis = new Redis(mine.url)

afterAll(async () => {
  await others.cleanUp()
  redis.disconnect()
})

it('gives every test a prefix of its own with a hash tag', () => {
  expect(mine.prefix).toMatch(/^\{test-[0-9a-f]{16}\}$/)
  expect(others.prefix).not.toBe(mine.prefix)
})

it('cleans up every key with the prefix and no other', async () => {
  const pairs = Array.from({ length: 2500 }, (_, index) => [`${mine.prefix}:key-${index}`, 'x']).flat()
  await redis.mset(...pairs)
  await redis.set(`${others.prefix}:key`, 'x')
  await mine.cleanUp()
  await mine.cleanUp()
  expect(await redis.keys(`${mine.prefix}*`)).toEqual([])
  expect(await redis.keys(`${others.prefix}*`)).toEqual([`${others.prefix}:key`])
})
