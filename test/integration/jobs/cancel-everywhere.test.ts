import { beforeEach, describe, expect, it } from 'vitest'
import { createDeadLetters } from '../../../jobs/dead-letters/dead-letters.ts'
import { createCanceller } from '../../../jobs/settle/cancel.ts'
import { createRequestReader } from '../../../jobs/status/request-status.ts'
import { keysOf } from '../../../redis/keys.ts'
import { exportedLines, findingsIn, testSeals } from '../../helpers/receipts/receipts.ts'
import { testSettle } from '../../helpers/receipts/settling.ts'
import { accounts, jobsKeySpace, waitingAccounts } from './key-space.ts'

const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

const canceller = () => createCanceller({ ...keySpace(), seals: testSeals, receiptDays: 400 })
const figures = (request: string) =>
  createRequestReader(keySpace().redis, keySpace().prefix, { ceilingPerSecond: 200, margin: 0 })(request)
const receipts = async () => {
  const { file, lines } = await exportedLines({ redis: keySpace().redis, prefix: keySpace().prefix })
  if (lines.length > 0) expect(await findingsIn(file)).toEqual([])
  return lines.map(line => JSON.parse(line))
}
const foreignData = (account: string, more: object = {}) => ({ v: 1, account, due: 2_000_000_000, ...more })

/** Makes a dead letter of `user_1`, for `ticket-1` and `ticket-2`; gives its id. */
async function giveUp(): Promise<string> {
  const { producer, redis, prefix, take, token } = keySpace()
  const { jobId } = await producer.enqueue('user_1', { request: 'ticket-1' })
  await producer.enqueue('user_1', { request: 'ticket-2' })
  const job = await take()
  const particulars = { requests: ['ticket-1'], verified: 'no', code: '30001', why: 'the vendor says no' } as const
  await testSettle(redis, prefix)(jobId, 'dead_lettered', particulars)
  await job?.moveToFailed(new Error('the vendor says no'), token, false)
  return jobId
}

describe('cancelling a dead letter', () => {
  it('takes it out of reach of a replay, out of the counts, and into the figures and a receipt', async () => {
    const { redis, prefix, queue } = keySpace()
    const jobId = await giveUp()
    expect(await canceller().cancel(['user_1'])).toEqual(['dead_letter'])
    expect(await queue.getFailedCount()).toBe(0)
    expect(await redis.hgetall(keysOf(prefix).deadLetterCodes)).toEqual({})
    expect(await createDeadLetters(redis, prefix).replay([jobId], 'all')).toEqual(['not_found'])
    for (const request of ['ticket-1', 'ticket-2']) {
      expect(await figures(request)).toMatchObject({ accepted: 1, dead: 0, cancelled: 1, pending: 0 })
    }
    expect(await receipts()).toMatchObject([
      { outcome: 'dead_lettered', requests: ['ticket-1', 'ticket-2'] },
      { outcome: 'cancelled', code: 'withdrawn', requests: ['ticket-1', 'ticket-2'] },
    ])
  })

  it('that BullMQ failed by itself works too', async () => {
    const { take, token, queue } = keySpace()
    await queue.add('c', foreignData('user_1'))
    await (await take())?.moveToFailed(new Error('made up'), token, false)
    expect(await canceller().cancel(['user_1'])).toEqual(['dead_letter'])
    expect(await queue.getFailedCount()).toBe(0)
    expect(await receipts()).toMatchObject([{ outcome: 'cancelled' }])
  })

  it('leaves those of others', async () => {
    const jobId = await giveUp()
    expect(await canceller().cancel(['user_2'])).toEqual(['not_found'])
    expect(await createDeadLetters(keySpace().redis, keySpace().prefix).find(jobId)).toBeDefined()
  })
})

describe('cancelling an account that a foreign producer enqueued without deduplication', () => {
  it.each([{}, { priority: 7 }, { delay: 3_600_000 }])('finds all of its jobs with %j', async options => {
    const { queue, producer } = keySpace()
    await producer.enqueueMany(accounts(3).slice(1))
    await queue.add('c', foreignData('user_1'), options)
    await queue.add('c', foreignData('user_1'), options)
    expect(await canceller().cancel(['user_9', 'user_1'])).toEqual(['not_found', 'cancelled'])
    expect((await waitingAccounts(keySpace())).toSorted()).toEqual(['user_2', 'user_3'])
    expect(await queue.getJobCountByTypes('wait', 'delayed')).toBe(0)
    expect(await receipts()).toHaveLength(2)
  })

  it('finds them beyond the first page, while others are withdrawn', async () => {
    const { queue } = keySpace()
    await queue.addBulk(accounts(1800).map(account => ({ name: 'c', data: foreignData(account), opts: {} })))
    const results = await canceller().cancel(accounts(1800))
    expect(results.filter(result => result === 'cancelled')).toHaveLength(1800)
    expect(await queue.getWaitingCount()).toBe(0)
  }, 60_000)

  it('says that a worker has it in hand', async () => {
    await keySpace().queue.add('c', foreignData('user_1'))
    await keySpace().take()
    expect(await canceller().cancel(['user_1'])).toEqual(['in_flight'])
  })

  it('never withdraws a job of another account that holds the place of this one', async () => {
    const { queue } = keySpace()
    await queue.add('c', foreignData('user_2'), { deduplication: { id: 'user_1' } })
    expect(await canceller().cancel(['user_1'])).toEqual(['not_found'])
    expect(await queue.getWaitingCount()).toBe(1)
  })
})

describe('cancelling a request', () => {
  it('withdraws its accounts, and leaves those that another wish is for too', async () => {
    const { producer } = keySpace()
    await producer.enqueueMany(['user_1', 'user_2', 'user_3'], { request: 'ticket-1' })
    await producer.enqueue('user_2', { request: 'ticket-2' })
    await producer.enqueue('user_3')
    await producer.enqueue('user_4', { request: 'ticket-2' })
    const sums = { cancelled: 3, dead_letter: 0, in_flight: 0, sent: 0, stay: 2 }
    expect(await canceller().cancelRequest('ticket-1')).toEqual(sums)
    expect((await waitingAccounts(keySpace())).toSorted()).toEqual(['user_2', 'user_3', 'user_4'])
    expect(await figures('ticket-1')).toMatchObject({ accepted: 3, cancelled: 3, pending: 0 })
    expect(await figures('ticket-2')).toMatchObject({ accepted: 2, cancelled: 0, pending: 2 })
    expect((await receipts()).map(({ requests }) => requests)).toEqual([['ticket-1'], ['ticket-1'], ['ticket-1']])
    expect(await canceller().cancelRequest('ticket-1')).toMatchObject({ cancelled: 0, stay: 0 })
  })

  it('makes the rest of a job end for its other request alone', async () => {
    const { producer, redis, prefix } = keySpace()
    const { jobId } = await producer.enqueue('user_1', { request: 'ticket-1' })
    await producer.enqueue('user_1', { request: 'ticket-2' })
    await canceller().cancelRequest('ticket-1')
    await testSettle(redis, prefix)(jobId, 'cleared', { requests: ['ticket-2'] })
    expect(await figures('ticket-2')).toMatchObject({ accepted: 1, cleared: 1, pending: 0 })
    expect(await figures('ticket-1')).toMatchObject({ accepted: 1, cleared: 0, cancelled: 1, pending: 0 })
  })

  it('withdraws its wish for a dead letter, which the other request keeps', async () => {
    const jobId = await giveUp()
    expect(await canceller().cancelRequest('ticket-1')).toMatchObject({ dead_letter: 1, stay: 1 })
    expect(await figures('ticket-1')).toMatchObject({ accepted: 1, dead: 0, cancelled: 1, pending: 0 })
    const letter = await createDeadLetters(keySpace().redis, keySpace().prefix).find(jobId)
    expect(letter?.requests).toEqual(['ticket-2'])
  })

  it('says how many a worker has in hand', async () => {
    await keySpace().producer.enqueue('user_1', { request: 'ticket-1' })
    await keySpace().take()
    expect(await canceller().cancelRequest('ticket-1')).toMatchObject({ cancelled: 0, in_flight: 1 })
  })
})
