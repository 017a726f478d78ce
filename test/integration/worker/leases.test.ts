import { Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createProducer } from '../../../jobs/enqueue/producer.ts'
import { keysOf, QUEUE_NAME } from '../../../redis/keys.ts'
import { createLog } from '../../../worker/observe/log.ts'
import { LOCK_MS, STALLED_CHECK_MS } from '../../../worker/pool/lock-times.ts'
import { LeaseWatch } from '../../../worker/upkeep/lease-watch.ts'
import { eventually } from '../../helpers/eventually.ts'
import { type KeySpace, testRedis } from '../../helpers/redis/redis.ts'

const HOUR_MS = 3_600_000
let keySpace: KeySpace
let redis: Redis
beforeEach(() => {
  keySpace = testRedis()
  redis = new Redis(keySpace.url, { maxRetriesPerRequest: null })
})
afterEach(async () => {
  redis.disconnect()
  await keySpace.cleanUp()
})

/** Looks once, as a worker does when it starts. */
async function look(): Promise<void> {
  const watch = new LeaseWatch(redis, keySpace.prefix, createLog('silent'))
  await watch.look()
  watch.close()
}

describe('after the clock of Redis was an hour ahead', () => {
  it('the locks that BullMQ took then last no longer than a lock', async () => {
    const { prefix } = keySpace
    const producer = createProducer({ redis, prefix })
    const { jobId } = await producer.enqueue('user_1')
    const worker = new Worker(QUEUE_NAME, null, { connection: redis, prefix, autorun: false, lockDuration: HOUR_MS })
    await worker.getNextJob('a test', { block: false })
    const lock = `${keysOf(prefix).queue}${jobId}:lock`
    expect(await redis.pttl(lock)).toBeGreaterThan(LOCK_MS)
    await look()
    expect(await redis.pttl(lock)).toBeLessThanOrEqual(LOCK_MS)
    expect(await redis.get(lock)).toBe('a test')
    await worker.close()
    await producer.close()
  })

  it('BullMQ looks for lost jobs again as soon as ever', async () => {
    const { prefix } = keySpace
    const worker = new Worker(QUEUE_NAME, async () => {}, {
      connection: redis,
      prefix,
      autorun: false,
      stalledInterval: HOUR_MS,
    })
    worker.on('error', () => {})
    void worker.run()
    const check = `${keysOf(prefix).queue}stalled-check`
    await eventually('a check', async () => (await redis.pttl(check)) > STALLED_CHECK_MS)
    await look()
    expect(await redis.pttl(check)).toBeLessThanOrEqual(STALLED_CHECK_MS)
    await worker.close()
  })

  it('receipts are sealed and a halt is probed again as soon as ever', async () => {
    const { receiptTurn, probe } = keysOf(keySpace.prefix)
    await redis.set(receiptTurn, '1', 'PX', HOUR_MS)
    await redis.set(probe, '1')
    await look()
    expect(await redis.pttl(receiptTurn)).toBeLessThanOrEqual(4500)
    expect(await redis.pttl(probe)).toBeLessThanOrEqual(300_000)
    expect(await redis.pttl(probe)).toBeGreaterThan(0)
  })

  it('a lease of the right length stays as it is', async () => {
    const { receiptTurn } = keysOf(keySpace.prefix)
    await redis.set(receiptTurn, '1', 'PX', 4000)
    await look()
    expect(await redis.pttl(receiptTurn)).toBeLessThanOrEqual(4000)
    expect(await redis.exists(keysOf(keySpace.prefix).probe)).toBe(0)
  })
})
