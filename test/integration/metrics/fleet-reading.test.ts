import { type Command, Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { EnqueuedCounter } from '../../../jobs/enqueue/count-enqueued.ts'
import { createProducer } from '../../../jobs/enqueue/producer.ts'
import { createFleetReading } from '../../../metrics/fleet-reading.ts'
import { startPrivateRedis } from '../../../private-redis/private-redis.ts'
import { keysOf } from '../../../redis/keys.ts'
import { eventually } from '../../helpers/eventually.ts'
import { COMMAND_NAMES, metricsForTests, seriesValue } from '../../helpers/metric-text.ts'
import { type KeySpace, testRedis } from '../../helpers/redis/redis.ts'

const RATE = { ceilingPerSecond: 200, margin: 0.01 }

let keySpace: KeySpace
let redis: Redis

beforeEach(() => {
  keySpace = testRedis()
  redis = new Redis(keySpace.url, { maxRetriesPerRequest: null })
})

afterEach(async () => {
  await keySpace.cleanUp()
  redis.disconnect()
})

const read = async () => {
  await eventually('the connection', async () => redis.status === 'ready')
  const reading = await createFleetReading(redis, keySpace.prefix, RATE, [])('test')
  if (reading === undefined) throw new Error('Redis did not answer')
  return reading
}

describe('what is read of the fleet for a scrape', () => {
  it('counts what producers and imports enqueued, fleet-wide', async () => {
    const first = createProducer({ redis, prefix: keySpace.prefix })
    const second = createProducer({ redis, prefix: keySpace.prefix })
    await first.enqueueMany(['user_1', 'user_2', 'user_2', ''])
    await second.enqueue('user_1')
    await second.enqueue('user_3')
    await second.close()
    const counter = new EnqueuedCounter(redis, keySpace.prefix)
    counter.count({ rejected: 2 })
    await counter.done()
    expect((await read()).figures.enqueued).toEqual({ accepted: 3, duplicate: 2, rejected: 3 })
    await first.close()
  })

  it('counts a batch with one command', async () => {
    const producer = createProducer({ redis, prefix: keySpace.prefix })
    // The first batch also takes the text of the script to Redis.
    await producer.enqueueMany(['user_1'])
    const sent = vi.spyOn(redis, 'sendCommand')
    await producer.enqueueMany(['user_1', 'user_1', '', 'user_2'])
    await producer.close()
    const isCount = ({ args }: Command): boolean => args.includes(keysOf(keySpace.prefix).enqueued)
    expect(sent.mock.calls.filter(([command]) => isCount(command as Command))).toHaveLength(1)
    expect((await read()).figures.enqueued).toEqual({ accepted: 2, duplicate: 2, rejected: 1 })
  })

  it('knows the dead letters by code, the receipts and the clock', async () => {
    const keys = keysOf(keySpace.prefix)
    await redis.hset(keys.deadLetterCodes, { 30001: 2, 61234: 0, still_has_friends: 1 })
    await redis.hset(keys.receiptLog, { seq: 17 })
    const { figures, clockOffsetMs, roundTripMs } = await read()
    expect(figures).toMatchObject({ deadLetters: { 30001: 2, still_has_friends: 1 }, receipts: 17 })
    // Redis runs on this host.
    expect(Math.abs(clockOffsetMs)).toBeLessThanOrEqual(roundTripMs + 5)
  })

  it('is nothing, soon, while Redis hangs or is gone, and is back with Redis', async () => {
    const server = await startPrivateRedis()
    onTestFinished(() => server.stop())
    const client = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 })
    client.on('error', () => {})
    onTestFinished(() => client.disconnect())
    await eventually('the connection', async () => client.status === 'ready')
    const readFleet = createFleetReading(client, keySpace.prefix, RATE, COMMAND_NAMES)
    const metrics = metricsForTests({ readFleet })
    expect(seriesValue(await metrics.text('test'), 'clear_friends_redis_up')).toBe(1)

    process.kill(server.pid, 'SIGSTOP')
    const texts = await Promise.all([metrics.text('test'), metrics.text('test')])
    expect(texts.map(text => seriesValue(text, 'clear_friends_redis_up'))).toEqual([0, 0])
    // The question is still under way; another reader does not wait for it again.
    const nextTurn = new Promise(resolve => setImmediate(resolve, 'it waited'))
    expect(await Promise.race([readFleet('test'), nextTurn])).toBeUndefined()
    process.kill(server.pid, 'SIGCONT')
    await eventually('Redis to be up again', async () => (await readFleet('test')) !== undefined)

    await server.stop()
    await eventually('the connection to be gone', async () => client.status !== 'ready')
    expect(seriesValue(await metrics.text('test'), 'clear_friends_redis_up')).toBe(0)
  })
})
