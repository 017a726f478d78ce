import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createProducer, type Producer } from '../../../jobs/enqueue/producer.ts'
import type { FinalRecord } from '../../../jobs/receipts/receipt-content.ts'
import { createReceiptSeals } from '../../../jobs/receipts/receipt-seals.ts'
import { createSettlement } from '../../../jobs/settle/settlement.ts'
import { keysOf } from '../../../redis/keys.ts'
import type { JobInHand, Processed } from '../../../worker/attempt/process-job.ts'
import { createLog } from '../../../worker/observe/log.ts'
import { Pool } from '../../../worker/pool/pool.ts'
import { eventually } from '../../helpers/eventually.ts'
import { TEST_RECEIPT_KEY, testSettle } from '../../helpers/receipts/settling.ts'
import { type TestRedis, testRedis } from '../../helpers/redis/redis.ts'

const seals = createReceiptSeals(TEST_RECEIPT_KEY)

let corner: TestRedis
let redis: Redis
let producer: Producer
let pool: Pool | undefined
/** How each attempt ended, as the pool told it. */
let told: Processed[]

beforeEach(() => {
  corner = testRedis()
  redis = new Redis(corner.url, { maxRetriesPerRequest: null })
  producer = createProducer({ redis, prefix: corner.prefix })
  told = []
})
afterEach(async () => {
  await pool?.drain()
  pool = undefined
  await producer.close()
  redis.disconnect()
  await corner.cleanUp()
})

const progress = { calls: 1, conflicts: 0, deleted: false, notEmpty: 0, unread: 0, attemptsWithOddCode: 0 }
const known = { account: 'user_1', calls: 1, attempts: 1, enqueuedAt: 1_790_000_000_000 }

const cleared = (end: Partial<FinalRecord> = {}): Processed => ({
  outcome: { kind: 'cleared', verified: 'yes' },
  progress,
  calls: 1,
  end: { ...known, outcome: 'cleared', verified: 'yes', ...end },
})
const dead = (): Processed => ({
  outcome: { kind: 'dead', reason: { code: '30001', text: 'the vendor says no' } },
  progress,
  calls: 1,
  end: { ...known, outcome: 'dead_lettered', verified: 'no', code: '30001', why: 'the vendor says no' },
})

/** Lets a pool work on all that waits, with attempts that end as the test says. */
function work(attempt: (job: JobInHand) => Promise<Processed>): void {
  const { prefix } = corner
  pool = new Pool({
    redis,
    prefix,
    concurrency: 20,
    maxAttempts: 3,
    process: attempt,
    settlement: createSettlement({ redis, prefix, seals, receiptDays: 400 }),
    onProcessed: async (_job, processed) => void told.push(processed),
    log: createLog('fatal'),
  })
  pool.start()
}

const keys = () => keysOf(corner.prefix)
const receipts = (): Promise<number> => redis.xlen(keys().receipts)
const failed = (): Promise<string[]> => redis.zrange(`${keys().queue}failed`, '0', '-1')
const isGone = async (jobId: string): Promise<boolean> => (await redis.exists(keys().queue + jobId)) === 0
const untilTold = (times: number): Promise<void> => eventually('the end', async () => told.length >= times)

/** Lets go of all jobs at once when so many are in hand. */
function together(jobs: number): () => Promise<void> {
  let open = (): void => {}
  const all = new Promise<void>(resolve => {
    open = resolve
  })
  let inHand = 0
  return () => {
    inHand += 1
    if (inHand === jobs) open()
    return all
  }
}

describe('a job that ends', () => {
  it('brings the next one along', async () => {
    for (let n = 1; n <= 50; n++) await producer.enqueue(`user_${n}`)
    work(async () => cleared())
    await untilTold(50)
    expect(await receipts()).toBe(50)
    expect(await redis.hgetall(keys().outcomes)).toEqual({ cleared: '50' })
  })

  it('as a dead letter is kept by BullMQ with its reason', async () => {
    const { jobId } = await producer.enqueue('user_1')
    work(async () => dead())
    await untilTold(1)
    expect(await failed()).toEqual([jobId])
    expect(await redis.hget(keys().queue + jobId, 'failedReason')).toBe('30001 the vendor says no')
    expect(await receipts()).toBe(1)
  })

  it('for which the vendor’s no is written down already becomes a dead letter although this attempt cleared it', async () => {
    const { jobId } = await producer.enqueue('user_1')
    const settle = testSettle(redis, corner.prefix)
    work(async job => {
      await settle(job.id, 'dead_lettered', { code: '30001', why: 'the vendor says no' })
      return cleared()
    })
    await untilTold(1)
    await eventually('the dead letter', async () => (await failed()).length > 0)
    expect(told).toMatchObject([{ outcome: { kind: 'dead', reason: { code: '30001' } } }])
    expect(told[0]?.settled).toBeUndefined()
    expect(await failed()).toEqual([jobId])
    expect(await redis.hget(keys().queue + jobId, 'failedReason')).toBe('30001 the vendor says no')
    expect(await receipts()).toBe(1)
  })

  it('for which a clear is written down already is completed although this attempt failed', async () => {
    const { jobId } = await producer.enqueue('user_1')
    const settle = testSettle(redis, corner.prefix)
    work(async job => {
      await settle(job.id, 'cleared')
      return dead()
    })
    await untilTold(1)
    await eventually('the job to be gone', () => isGone(jobId))
    expect(told).toMatchObject([{ outcome: { kind: 'cleared' } }])
    expect(await failed()).toEqual([])
    expect(await receipts()).toBe(1)
  })

  it('and was removed meanwhile writes nothing, and the pool goes on', async () => {
    const { jobId } = await producer.enqueue('user_1')
    work(async job => {
      if (job.id === jobId) await redis.del(keys().queue + jobId)
      return cleared()
    })
    await untilTold(1)
    expect(told[0]?.settled).toBeUndefined()
    expect(await receipts()).toBe(0)
    await producer.enqueue('user_2')
    await untilTold(2)
    expect(await receipts()).toBe(1)
  })

  it('after its lock was lost is settled, and completed by whoever has it now', async () => {
    const { jobId } = await producer.enqueue('user_1')
    work(async job => {
      await redis.set(`${keys().queue}${job.id}:lock`, 'another worker')
      return cleared()
    })
    await untilTold(1)
    expect(told).toMatchObject([{ settled: true }])
    expect(await redis.hget(keys().queue + jobId, 'settled')).toBe('cleared')
    expect(await redis.lpos(`${keys().queue}active`, jobId)).toBe(0)
  })
})

describe('a job that Redis cannot settle', () => {
  it('goes back to the queue and holds up no other, and ends when Redis can', async () => {
    const broken = `${keys().requests}broken`
    await redis.set(broken, 'not a hash')
    const first = await producer.enqueue('user_1')
    await producer.enqueue('user_2')
    const bothInHand = together(2)
    const mended = Promise.withResolvers<void>()
    const begunWith: unknown[] = []
    work(async job => {
      await bothInHand()
      if (job.id !== first.jobId) return cleared()
      if (begunWith.push(job.progress) > 1) await mended.promise
      return cleared({ request: 'broken' })
    })
    const failure = () => redis.hmget(keys().queue + first.jobId, 'failedReason', 'stacktrace')
    await eventually('the first attempt to fail', async () => (await failure())[0] !== null)
    expect(await failure()).toEqual([
      expect.stringMatching(/^Redis cannot be used \(WRONGTYPE/),
      expect.not.stringContaining('    at '),
    ])
    await untilTold(1)
    expect(await redis.hgetall(keys().outcomes)).toEqual({ cleared: '1' })
    expect(await receipts()).toBe(1)

    await redis.del(broken)
    mended.resolve()
    await untilTold(2)
    expect(await isGone(first.jobId)).toBe(true)
    expect(told).toMatchObject([{ settled: true }, { settled: true }])
    expect(begunWith).toEqual([0, progress])
    expect(await redis.hgetall(broken)).toMatchObject({ accepted: '1', cleared: '1' })
    expect(await failed()).toEqual([])
    expect(await receipts()).toBe(2)
  })

  it('as a dead letter goes back with backoff, and becomes one when Redis can', async () => {
    const outcomes = keys().outcomes
    await redis.set(outcomes, 'not a hash')
    const { jobId } = await producer.enqueue('user_1')
    work(async () => dead())
    await eventually(
      'the first attempt to go back',
      async () => (await redis.hget(keys().queue + jobId, 'atm')) === '1',
    )
    expect(await failed()).toEqual([])

    await redis.del(outcomes)
    await eventually('the dead letter', async () => (await failed()).length > 0)
    expect(await receipts()).toBe(1)
  })
})
