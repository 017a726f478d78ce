import { beforeEach, describe, expect, it } from 'vitest'
import { createReceiptSeals } from '../../../jobs/receipts/keys/receipt-seals.ts'
import { createCanceller } from '../../../jobs/settle/cancel.ts'
import { createRequestReader } from '../../../jobs/status/request-status.ts'
import { keysOf } from '../../../redis/keys.ts'
import { exportedLines, findingsIn, testSeals } from '../../helpers/receipts/receipts.ts'
import { receiptKeyOf, testSettle } from '../../helpers/receipts/settling.ts'
import { accounts, jobsKeySpace } from './key-space.ts'

const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

const cancel = (...names: string[]) => {
  const { redis, prefix } = keySpace()
  return createCanceller({ redis, prefix, seals: testSeals, receiptDays: 400 }).cancel(names)
}
const receipts = async () => {
  const { file, lines } = await exportedLines({ redis: keySpace().redis, prefix: keySpace().prefix })
  if (lines.length > 0) expect(await findingsIn(file)).toEqual([])
  return lines.map(line => JSON.parse(line))
}

describe('cancelling an account', () => {
  it('that waits takes all of it out of Redis, and leaves a receipt and its request’s figures', async () => {
    const { producer, redis, prefix, queue, take } = keySpace()
    const { jobId } = await producer.enqueue('user_1', { request: 'ticket-1' })
    expect(await cancel('user_1')).toEqual(['cancelled'])
    expect(await queue.getJob(jobId)).toBeUndefined()
    expect((await redis.keys(`${prefix}*`)).filter(key => key.includes('user_1') || key.includes(jobId))).toEqual([])
    expect(await take()).toBeUndefined()
    expect(await receipts()).toMatchObject([
      { outcome: 'cancelled', code: 'withdrawn', calls: 0, attempts: 0, account: testSeals.pseudonymOf('user_1') },
    ])
    const read = createRequestReader(redis, prefix, { ceilingPerSecond: 200, margin: 0 })
    expect(await read('ticket-1')).toMatchObject({ accepted: 1, cancelled: 1, pending: 0 })
    expect((await producer.enqueue('user_1')).result).toBe('accepted')
  })

  it('that waits without a priority, as a foreign producer enqueues it, works too', async () => {
    const data = { v: 1, account: 'user_1', due: 2_000_000_000 }
    await keySpace().queue.add('c', data, { deduplication: { id: 'user_1' } })
    expect(await cancel('user_1')).toEqual(['cancelled'])
    expect(await keySpace().queue.getWaitingCount()).toBe(0)
  })

  it('in flight is refused, and the worker goes on', async () => {
    const { producer, take, token } = keySpace()
    await producer.enqueue('user_1')
    const job = await take()
    expect(await cancel('user_1')).toEqual(['in_flight'])
    await job?.moveToCompleted(null, token, false)
    expect(await receipts()).toEqual([])
  })

  it('that was handed back unsent can be withdrawn, from the waiting line and from its backoff', async () => {
    const { producer, take, token, queue } = keySpace()
    await producer.enqueue('user_1')
    await (await take())?.moveToWait(token)
    expect(await cancel('user_1')).toEqual(['cancelled'])
    await producer.enqueue('user_2')
    await (await take())?.moveToDelayed(Date.now() + 60_000, token)
    expect(await cancel('user_2')).toEqual(['cancelled'])
    expect(await queue.getDelayedCount()).toBe(0)
  })

  it('for which requests were sent is refused', async () => {
    const { producer, take, token } = keySpace()
    await producer.enqueue('user_1')
    const job = await take()
    await job?.updateProgress({ calls: 2 })
    await job?.moveToDelayed(Date.now() + 60_000, token)
    expect(await cancel('user_1')).toEqual(['sent'])
  })

  it('that a lost worker may have sent is refused', async () => {
    const { producer, redis, prefix, take, token } = keySpace()
    const { jobId } = await producer.enqueue('user_1')
    await (await take())?.moveToWait(token)
    await redis.hset(keysOf(prefix).queue + jobId, 'stc', 1)
    expect(await cancel('user_1')).toEqual(['sent'])
  })

  it('never seen, or cleared before, is not found', async () => {
    const { producer, take, token } = keySpace()
    const { jobId } = await producer.enqueue('user_1')
    const job = await take()
    await testSettle(keySpace().redis, keySpace().prefix)(jobId, 'cleared')
    await job?.moveToCompleted(null, token, false)
    expect(await cancel('user_1', 'user_2')).toEqual(['not_found', 'not_found'])
    expect(await receipts()).toMatchObject([{ outcome: 'cleared' }])
  })

  it('that a crashed worker settled and did not complete is not found', async () => {
    const { producer, take, token } = keySpace()
    const { jobId } = await producer.enqueue('user_1')
    const job = await take()
    await testSettle(keySpace().redis, keySpace().prefix)(jobId, 'cleared')
    await job?.moveToWait(token)
    expect(await cancel('user_1')).toEqual(['not_found'])
  })

  it('while workers take jobs makes each account cancelled or taken, never both', async () => {
    const { producer, take } = keySpace()
    const names = accounts(150)
    await producer.enqueueMany(names)
    const takeAll = async (): Promise<string[]> => {
      const taken: string[] = []
      for (let job = await take(); job !== undefined; job = await take()) taken.push(job.data.account)
      return taken
    }
    const [results, taken] = await Promise.all([cancel(...names), takeAll()])
    const cancelled = names.filter((_, index) => results[index] === 'cancelled')
    expect(new Set([...cancelled, ...taken]).size).toBe(150)
    expect(cancelled.length + taken.length).toBe(150)
    expect(await receipts()).toHaveLength(cancelled.length)
  })

  it('that is no account withdraws nothing', async () => {
    await keySpace().producer.enqueue('user_1')
    await expect(cancel('user_1', '')).rejects.toThrow('account 2: the account is empty')
    expect(await keySpace().queue.getPrioritizedCount()).toBe(1)
  })
  it('with another key than the one in use withdraws nothing', async () => {
    const { redis, prefix, producer, queue } = keySpace()
    await producer.enqueue('user_1')
    await producer.enqueue('user_2')
    await cancel('user_2')
    const seals = createReceiptSeals(receiptKeyOf('another key'))
    const other = createCanceller({ redis, prefix, seals, receiptDays: 400 })
    await expect(other.cancel(['user_1'])).rejects.toThrow('RECEIPT_KEY is not the key')
    expect(await queue.getPrioritizedCount()).toBe(1)
  })
})
