import { beforeEach, describe, expect, it } from 'vitest'
import { createFleetControl } from '../../../jobs/status/fleet-control.ts'
import { createFleetStatusReader } from '../../../jobs/status/fleet-status.ts'
import { createQueueStatusReader, type RateSettings } from '../../../jobs/status/queue-status.ts'
import { keysOf } from '../../../redis/keys.ts'
import { accounts, jobsKeySpace } from './key-space.ts'

const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

const settings: RateSettings = { ceilingPerSecond: 200, margin: 0.01 }
const readQueue = (given = settings) => createQueueStatusReader(keySpace().redis, keySpace().prefix, given)()
const readFleet = (given = settings) => createFleetStatusReader(keySpace().redis, keySpace().prefix, given)()

/**
 * Writes receipts and calls of a fleet that has settled `jobsPerSecond` over the last `seconds`, with two calls a job.
 *
 * @returns the epoch second in which it stopped
 */
async function beenWorking(jobsPerSecond: number, seconds: number): Promise<number> {
  const { redis, prefix } = keySpace()
  const [now = '0'] = await redis.time()
  const pipeline = redis.pipeline()
  let seq = 0
  for (let second = Number(now) - seconds; second < Number(now); second++) {
    const bins = Object.fromEntries(Array.from({ length: 10 }, (_, tenth) => [tenth * 10, jobsPerSecond / 5]))
    pipeline.hset(`${keysOf(prefix).sent('friend_delete_all')}:${second}`, bins)
    for (let job = 0; job < jobsPerSecond; job++) {
      pipeline.xadd(
        keysOf(prefix).receipts,
        `${++seq}-${second * 1000 + Math.floor((job * 1000) / jobsPerSecond)}`,
        'a',
        '',
      )
    }
  }
  await pipeline.exec()
  return Number(now)
}

describe('the time until the queue is empty', () => {
  it('follows from the jobs that were settled, not from the calls that it took', async () => {
    await keySpace().producer.enqueueMany(accounts(1000))
    const stoppedAt = await beenWorking(50, 30)
    const { jobsPerSecond, readAt } = await readQueue()
    // The script looks at ten seconds; those since the fleet stopped have no receipts.
    const idleSeconds = readAt / 1000 - stoppedAt
    expect(jobsPerSecond).toBeGreaterThan(50 * (1 - idleSeconds / 10) - 3)
    expect(jobsPerSecond).toBeLessThan(53)
    expect((await readFleet()).etaSeconds).toBeGreaterThanOrEqual(19)
  })

  it('does not take a fleet that has just begun for a slow one', async () => {
    await keySpace().producer.enqueueMany(accounts(1000))
    const stoppedAt = await beenWorking(50, 3)
    const { jobsPerSecond, readAt } = await readQueue()
    expect(jobsPerSecond).toBeGreaterThan((3 * 50) / (4 + readAt / 1000 - stoppedAt))
  })

  it('follows from the allowed rate when the last job was settled long ago', async () => {
    const { redis, prefix, producer } = keySpace()
    await producer.enqueueMany(accounts(1000))
    await redis.xadd(keysOf(prefix).receipts, `1-${Date.now() - 60_000}`, 'a', '')
    expect((await readFleet({ ceilingPerSecond: 10, margin: 0 })).etaSeconds).toBe(100)
  })

  it('is not before the last backoff ends', async () => {
    const { producer, take, token } = keySpace()
    await producer.enqueue('user_1')
    await (await take())?.moveToDelayed(Date.now() + 600_000, token)
    expect((await readFleet()).etaSeconds).toBeGreaterThan(500)
  })

  it('follows from the allowed rate while nobody works', async () => {
    await keySpace().producer.enqueueMany(accounts(1000))
    expect((await readFleet({ ceilingPerSecond: 10, margin: 0 })).etaSeconds).toBe(100)
    expect((await readFleet({ ceilingPerSecond: 10, margin: 0.5 })).etaSeconds).toBe(200)
  })

  it('is unknown while the fleet stands still', async () => {
    const { producer, queue, redis, prefix } = keySpace()
    await producer.enqueueMany(accounts(10))
    const control = createFleetControl(redis, queue, prefix)
    await control.pause({ reason: 'a test', sinceMs: Date.now() })
    expect((await readFleet()).etaSeconds).toBeNull()
    await control.resume({ reason: 'a test', atMs: Date.now() })
    expect((await readFleet()).etaSeconds).toBe(1)
  })
})
