/** The limiter when other data lie under the keys of its state: it makes no call, and reports the reason. */
import { Redis } from 'ioredis'
import { describe, type ExpectStatic, it, type TestContext } from 'vitest'
import { createPermits, InvalidPermitOptionsError } from '../../../limiter/index.ts'
import { keysOf } from '../../../redis/keys.ts'
import { eventually } from '../../helpers/eventually.ts'
import { testRedis } from '../../helpers/redis/redis.ts'

const COMMAND = 'friend_get'

/** A key space of Redis with callers that count their calls and refusals. */
function openKeySpace({ onTestFinished }: Pick<TestContext, 'onTestFinished'>) {
  const place = testRedis()
  const { fleet, permits: permitsOf, sent: sentOf } = keysOf(place.prefix)
  const redis = new Redis(place.url)
  const startCaller = () => {
    const seen = { calls: 0, refusals: [] as string[] }
    const permits = createPermits({
      redis,
      prefix: place.prefix,
      onRefused: reason => void seen.refusals.push(reason),
    })
    onTestFinished(() => permits.close())
    const countCall = (): void => {
      seen.calls += 1
    }
    const call = (): Promise<unknown> => permits.pace(COMMAND, countCall)
    return { seen, permits, call }
  }
  onTestFinished(async () => {
    await place.cleanUp()
    redis.disconnect()
  })
  return { redis, fleet, permits: permitsOf(COMMAND), sent: sentOf(COMMAND), startCaller }
}
type KeySpaceWithCaller = ReturnType<typeof openKeySpace>

interface Spoiled {
  readonly what: string
  readonly spoil: (keySpace: KeySpaceWithCaller) => Promise<unknown>
  readonly mend: (keySpace: KeySpaceWithCaller) => Promise<unknown>
  readonly reason: string
}

const inFleet = (what: string, field: string, value: string): Spoiled => ({
  what,
  spoil: ({ redis, fleet }) => redis.hset(fleet, field, value),
  mend: ({ redis, fleet }) => redis.hdel(fleet, field),
  reason: `the field ${field} of`,
})
const SPOILED: readonly Spoiled[] = [
  {
    what: 'permits are a string',
    spoil: ({ redis, permits }) => redis.set(permits, 'x'),
    mend: ({ redis, permits }) => redis.del(permits),
    reason: 'WRONGTYPE',
  },
  {
    what: 'the fleet’s state is a list',
    spoil: ({ redis, fleet }) => redis.rpush(fleet, 'x'),
    mend: ({ redis, fleet }) => redis.del(fleet),
    reason: 'WRONGTYPE',
  },
  inFleet('the rate is a word', 'rate', 'fast'),
  inFleet('the rate is nought', 'rate', '0'),
  inFleet('a lowered rate is garbage', `lowered:${COMMAND}`, '...|1|0'),
  inFleet('the hold is garbage', 'hold', 'a while'),
]

describe.concurrent('permits', () => {
  it.for(SPOILED)(
    'are refused while $what; the reason is reported once, and calls go on when it is mended',
    async (spoiled, context) => {
      const keySpace = openKeySpace(context)
      await spoiled.spoil(keySpace)
      const { seen, call } = keySpace.startCaller()
      const called = call()
      await eventually('the refusal', async () => seen.refusals.length > 0)
      context.expect(seen.refusals[0]).toContain(spoiled.reason)
      // By the time a second caller is refused, the first has asked again.
      const other = keySpace.startCaller()
      const otherCalled = other.call()
      await eventually('another refusal', async () => other.seen.refusals.length > 0)
      context.expect(seen).toMatchObject({ calls: 0, refusals: [context.expect.any(String)] })
      await spoiled.mend(keySpace)
      await Promise.all([called, otherCalled])
      context.expect(seen.calls).toBe(1)
    },
  )

  it('are granted at the ceiling at most when garbage lies among them', async context => {
    const { redis, permits, startCaller } = openKeySpace(context)
    await redis.zadd(permits, '+inf', 'for ever', '-inf', 'long ago', 5, '5')
    const { seen, call } = startCaller()
    await Promise.all([call(), call(), call()])
    context.expect(seen).toEqual({ calls: 3, refusals: [] })
  })

  it('are granted where something else lies under the counter of calls', async context => {
    const { redis, sent, startCaller } = openKeySpace(context)
    const [now] = await redis.time()
    for (let second = Number(now); second < Number(now) + 60; second++) await redis.set(`${sent}:${second}`, 'x')
    const { seen, call } = startCaller()
    for (let calls = 0; calls < 20; calls++) await call()
    context.expect(seen).toEqual({ calls: 20, refusals: [] })
  })

  it.for([{ ceilingPerSecond: 0 }, { ceilingPerSecond: 1.5 }, { margin: 0.6 }, { margin: Number.NaN }, { prefix: '' }])(
    'cannot be made with %o',
    (wrong, { expect }: { expect: ExpectStatic }) => {
      expect(() => createPermits({ redis: 'redis://127.0.0.1:1', ...wrong })).toThrow(InvalidPermitOptionsError)
    },
  )
})
