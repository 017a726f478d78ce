import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createProducer, type Producer } from '../../../jobs/enqueue/producer.ts'
import { createReceiptSeals } from '../../../jobs/receipts/keys/receipt-seals.ts'
import { Sealer } from '../../../jobs/receipts/keys/sealer.ts'
import { openProgress, sealProgress } from '../../../jobs/receipts/sealed-progress.ts'
import { createSettlement } from '../../../jobs/settle/settlement.ts'
import { keysOf } from '../../../redis/keys.ts'
import type { Processed } from '../../../worker/attempt/processed.ts'
import { createLog } from '../../../worker/observe/log.ts'
import { Pool } from '../../../worker/pool/pool.ts'
import { classify } from '../../../worker/vendor/classify.ts'
import { FaultStreaks } from '../../../worker/vendor/fault-streaks.ts'
import type { PacedCall } from '../../../worker/vendor/paced-call.ts'
import { eventually } from '../../helpers/eventually.ts'
import { TEST_RECEIPT_KEY, testSettle } from '../../helpers/receipts/settling.ts'
import { type KeySpace, testRedis } from '../../helpers/redis/redis.ts'
import { envelopeReply } from '../../helpers/vendor/scripted-call.ts'

const seals = createReceiptSeals(TEST_RECEIPT_KEY)

let keySpace: KeySpace
let redis: Redis
let producer: Producer
let pool: Pool | undefined
/** The end of each attempt, as the pool reported it. */
let told: Processed[]

beforeEach(() => {
  keySpace = testRedis()
  redis = new Redis(keySpace.url, { maxRetriesPerRequest: null })
  producer = createProducer({ redis, prefix: keySpace.prefix })
  told = []
})
afterEach(async () => {
  await pool?.drain()
  pool = undefined
  await producer.close()
  redis.disconnect()
  await keySpace.cleanUp()
})

/** Answers the delete of a job's account in place of the vendor; by then the job is in hand. */
type Answer = (account: string) => Promise<typeof OK | typeof NO>
const OK = 0
const NO = 30001

/** Starts a pool that works on all waiting jobs, with a vendor that answers as the test says. */
function work(answer: Answer): void {
  const { prefix } = keySpace
  const sealer = new Sealer({ redis, prefix, seals })
  const settlement = createSettlement({ redis, prefix, seals, sealer, receiptDays: 400 })
  const call: PacedCall = async (_command, body, { onSent }) => {
    onSent()
    return { kind: 'answered', verdict: classify(envelopeReply(await answer(String(body['From_Account'])), {})) }
  }
  const OURS = { judge: async () => 'ours' as const }
  pool = new Pool({
    redis,
    prefix,
    concurrency: 20,
    attempt: {
      call,
      faultStreaks: new FaultStreaks(),
      settlement,
      standing: OURS,
      maxAttempts: 3,
      app: 1_400_000_000,
      verifyShare: 0,
      openProgress: (job, found) => openProgress(job, found, sealer),
    },
    sealProgress: (job, progress) => sealProgress(job, progress, sealer),
    settlement,
    recorder: { watch: (_job, work) => work(), record: (_job, processed) => void told.push(processed) },
    guard: { protect: async () => {} },
    jobNames: { nameOf: jobId => jobId },
    log: createLog('fatal'),
  })
  pool.start()
}

const keys = () => keysOf(keySpace.prefix)
const receipts = (): Promise<number> => redis.xlen(keys().receipts)
const failed = (): Promise<string[]> => redis.zrange(`${keys().queue}failed`, '0', '-1')
const isGone = async (jobId: string): Promise<boolean> => (await redis.exists(keys().queue + jobId)) === 0
const untilGone = (jobId: string): Promise<void> => eventually('the job to be gone', () => isGone(jobId))
const untilFailed = (jobId: string): Promise<void> =>
  eventually('the dead letter', async () => (await failed()).includes(jobId))
const failedReason = (jobId: string): Promise<string | null> => redis.hget(keys().queue + jobId, 'failedReason')
const untilTold = (times: number): Promise<void> => eventually('the end', async () => told.length >= times)

/** Makes a barrier that lets all jobs go on when `jobs` of them are in hand. */
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
    work(async () => OK)
    await untilTold(50)
    expect(await receipts()).toBe(50)
    expect(await redis.hgetall(keys().outcomes)).toEqual({ cleared: '50' })
  })

  it('as a dead letter is kept by BullMQ with its reason', async () => {
    const { jobId } = await producer.enqueue('user_1')
    work(async () => NO)
    await untilFailed(jobId)
    expect(await failedReason(jobId)).toBe('30001 the vendor calls a parameter illegal')
    expect(await receipts()).toBe(1)
  })

  it('for which the vendor’s no is written down already becomes a dead letter although this attempt cleared it', async () => {
    const { jobId } = await producer.enqueue('user_1')
    const settle = testSettle(redis, keySpace.prefix)
    work(async () => {
      await settle(jobId, 'dead_lettered', { code: '30001', why: 'the vendor says no' })
      return OK
    })
    await untilFailed(jobId)
    expect(told).toMatchObject([{ job: 'settled_before', outcome: { kind: 'dead', reason: { code: '30001' } } }])
    expect(await failed()).toEqual([jobId])
    expect(await failedReason(jobId)).toBe('30001 the vendor says no')
    expect(await receipts()).toBe(1)
  })

  it('for which a clear is written down already is completed although this attempt failed', async () => {
    const { jobId } = await producer.enqueue('user_1')
    const settle = testSettle(redis, keySpace.prefix)
    work(async () => {
      await settle(jobId, 'cleared')
      return NO
    })
    await untilGone(jobId)
    expect(told).toMatchObject([{ job: 'settled_before', outcome: { kind: 'cleared' } }])
    expect(await failed()).toEqual([])
    expect(await receipts()).toBe(1)
  })

  it('and was removed meanwhile writes nothing, and the pool goes on', async () => {
    const { jobId } = await producer.enqueue('user_1')
    work(async account => {
      if (account === 'user_1') await redis.del(keys().queue + jobId)
      return OK
    })
    await untilTold(1)
    expect(told).toMatchObject([{ job: 'settled_before' }])
    expect(await receipts()).toBe(0)
    await producer.enqueue('user_2')
    await untilTold(2)
    expect(await receipts()).toBe(1)
  })

  it('after its lock was lost is settled, and completed by the worker that has it now', async () => {
    const { jobId } = await producer.enqueue('user_1')
    work(async () => {
      await redis.set(`${keys().queue}${jobId}:lock`, 'another worker')
      return OK
    })
    await untilTold(1)
    expect(told).toMatchObject([{ job: 'settled' }])
    await pool?.drain()
    expect(await redis.hget(keys().queue + jobId, 'settled')).toBe('cleared')
    expect(await redis.lpos(`${keys().queue}active`, jobId)).toBe(0)
  })
})

describe('a job that Redis cannot settle', () => {
  it('goes back to the queue and holds up no other, and ends when Redis can', async () => {
    const figures = `${keys().requests}ticket-1`
    const first = await producer.enqueue('user_1', { request: 'ticket-1' })
    await producer.enqueue('user_2')
    await redis.del(figures)
    await redis.set(figures, 'not a hash')
    const bothInHand = together(2)
    let deletes = 0
    work(async account => {
      await bothInHand()
      if (account === 'user_1') deletes += 1
      return OK
    })
    const failure = () => redis.hmget(keys().queue + first.jobId, 'failedReason', 'stacktrace', 'progress')
    await eventually('the first attempt to fail', async () => (await failure())[0] !== null)
    const [reason, stack, progress] = await failure()
    expect(reason).toMatch(/^Redis cannot be used \(WRONGTYPE/)
    expect(stack).not.toContain('    at ')
    // The next attempt knows what this one has done: the delete is not repeated.
    expect(JSON.parse(progress ?? '')).toMatchObject({ calls: 1, deleted: true })
    await untilTold(1)
    expect(await redis.hgetall(keys().outcomes)).toEqual({ cleared: '1' })
    expect(await receipts()).toBe(1)

    await redis.del(figures)
    await untilGone(first.jobId)
    expect(told).toMatchObject([{ job: 'settled' }, { job: 'settled' }])
    expect(await redis.hgetall(figures)).toMatchObject({ accepted: '1', cleared: '1' })
    expect(await failed()).toEqual([])
    expect(await receipts()).toBe(2)
    expect(deletes).toBe(1)
  })

  it.each(['outcomes', 'deadLetterCodes', 'batches'] as const)(
    'as a dead letter, since %s holds something else, writes nothing, and becomes one when Redis can',
    async name => {
      const key = keys()[name]
      await redis.set(key, 'not a hash')
      const { jobId } = await producer.enqueue('user_1')
      let deletes = 0
      work(async () => {
        deletes += 1
        return NO
      })
      await eventually('a second attempt', async () => deletes > 1)
      expect(await failed()).toEqual([])
      expect(await receipts()).toBe(0)

      await redis.del(key)
      await untilFailed(jobId)
      expect(await receipts()).toBe(1)
      expect(await redis.hgetall(keys().outcomes)).toEqual({ dead_lettered: '1' })
      expect(await redis.hgetall(keys().deadLetterCodes)).toEqual({ 30001: '1' })
    },
  )
})
