import { Redis } from 'ioredis'
import { afterAll, expect, it } from 'vitest'
import { CanarySearch, canary } from '../../helpers/receipts/canary.ts'
import { testRedis } from '../../helpers/redis/redis.ts'
import { snapshot } from '../../helpers/redis/snapshot.ts'

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

it('reads all keys with the prefix at one moment, and no other', async () => {
  const { prefix } = mine
  await redis.set(`${prefix}:string`, 'a string')
  await redis.hset(`${prefix}:hash`, 'a field', 'a value')
  await redis.rpush(`${prefix}:list`, 'an element')
  await redis.sadd(`${prefix}:set`, 'a member')
  await redis.zadd(`${prefix}:zset`, 1, 'a ranked member')
  await redis.xadd(`${prefix}:stream`, '1-1', 'a name', 'its value')
  const keys = await snapshot(redis, prefix)
  const read = keys.map(({ name, type, values }) => [name, type, values.slice(1).map(String)] as const)
  expect(read.toSorted(([a], [b]) => a.localeCompare(b))).toEqual([
    [`${prefix}:hash`, 'hash', ['a field', 'a value']],
    [`${prefix}:list`, 'list', ['an element']],
    [`${prefix}:set`, 'set', ['a member']],
    [`${prefix}:stream`, 'stream', ['a name', 'its value']],
    [`${prefix}:string`, 'string', ['a string']],
    [`${prefix}:zset`, 'zset', ['a ranked member']],
  ])
  expect(keys.every(({ values }) => (values[0]?.length ?? 0) > 0)).toBe(true)
  await mine.cleanUp()
})

it('reads keys that expire meanwhile', async () => {
  const { prefix } = mine
  const pipeline = redis.pipeline()
  for (let n = 0; n < 3000; n++) pipeline.set(`${prefix}:${n}`, canary('one'), 'PX', 1 + (n % 50))
  await pipeline.exec()
  await redis.set(`${prefix}:kept`, canary('one'))
  const found = await new CanarySearch(['one']).findInRedis(redis, prefix)
  expect(found).toContain('a string, :kept: plain')
  await mine.cleanUp()
})
