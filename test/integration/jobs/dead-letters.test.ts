import { beforeEach, describe, expect, it } from 'vitest'
import { createDeadLetters } from '../../../jobs/dead-letters/dead-letters.ts'
import { createRequestReader } from '../../../jobs/status/request-status.ts'
import { keysOf } from '../../../redis/keys.ts'
import { exportedLines, testSeals } from '../../helpers/receipts/receipts.ts'
import { testSettle } from '../../helpers/receipts/settling.ts'
import { jobsKeySpace } from './key-space.ts'

const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

const letters = () => createDeadLetters(keySpace().redis, keySpace().prefix)
const settle = (...args: Parameters<ReturnType<typeof testSettle>>) =>
  testSettle(keySpace().redis, keySpace().prefix)(...args)
const figures = (request: string) =>
  createRequestReader(keySpace().redis, keySpace().prefix, { ceilingPerSecond: 200, margin: 0 })(request)
const codes = () => keySpace().redis.hgetall(keysOf(keySpace().prefix).deadLetterCodes)
const ids = async (filter = {}): Promise<string[]> => {
  const found: string[] = []
  for await (const { jobId } of letters().read(filter)) found.push(jobId)
  return found
}

/** Enqueues an account and lets it give up as a worker does. */
async function giveUp(account: string, code = '30001', request = 'ticket-1'): Promise<string> {
  const { producer, take, token } = keySpace()
  const { jobId } = await producer.enqueue(account, { request, due: 1_800_000_000 })
  const job = await take()
  await settle(jobId, 'dead_lettered', {
    account,
    requests: [request],
    code,
    why: 'the vendor says no',
  })
  await job?.updateProgress({ calls: 3 })
  await job?.moveToFailed(Object.assign(new Error(`${code} the vendor says no`), { stack: '' }), token)
  return jobId
}

describe('dead letters', () => {
  it('are read with code, reason, request, account and due date', async () => {
    const jobId = await giveUp('user_1')
    expect(await letters().find(jobId)).toMatchObject({
      ...{ jobId, code: '30001', why: 'the vendor says no', request: 'ticket-1', account: 'user_1', attempts: 1 },
      ...{ due: '2027-01-15T08:00:00.000Z' },
    })
    expect(await letters().find('made-up')).toBeUndefined()
  })

  it('are read page by page, all of them once, though many gave up at the same moment', async () => {
    const { redis, prefix } = keySpace()
    const { queue } = keysOf(prefix)
    const all = Array.from({ length: 950 }, (_, index) => `made-up-${index}`)
    for (const [index, jobId] of all.entries()) {
      await redis.hset(queue + jobId, 'data', '{}', 'code', index % 2 === 0 ? 'a' : 'b')
      await redis.zadd(`${queue}failed`, index < 700 ? 1000 : 1000 + index, jobId)
    }
    expect((await ids()).toSorted()).toEqual(all.toSorted())
    expect(await ids({ code: 'a' })).toHaveLength(475)
    expect(await ids({ sinceMs: 1001 })).toHaveLength(250)
    expect(await ids({ untilMs: 1000 })).toHaveLength(700)
  })

  it('are chosen by code, time and request', async () => {
    const [first, second] = [await giveUp('user_1', '30001', 'ticket-1'), await giveUp('user_2', '38000', 'ticket-2')]
    expect(await ids({ code: '38000' })).toEqual([second])
    expect(await ids({ request: 'ticket-1' })).toEqual([first])
    expect(await ids({ sinceMs: Date.now() + 1000 })).toEqual([])
  })
})

describe('replaying', () => {
  it('makes a new job with fresh attempts in its old place in line', async () => {
    const { producer, queue, take } = keySpace()
    await producer.enqueue('user_2', { due: 1_790_000_000 })
    const early = await take()
    const jobId = await giveUp('user_1')
    await producer.enqueue('user_3', { due: 1_900_000_000 })
    expect(await letters().replay([jobId], 'a test')).toEqual(['replayed'])
    expect(await queue.getFailedCount()).toBe(0)
    const job = await take()
    expect(job?.data).toMatchObject({ account: 'user_1', request: 'ticket-1' })
    expect(job).toMatchObject({ attemptsMade: 0, attemptsStarted: 1, stalledCounter: 0, progress: 0 })
    expect(job?.id).not.toBe(jobId)
    expect(job?.failedReason).toBeUndefined()
    expect(early?.data.account).toBe('user_2')
  })

  it('moves the figures of the request back to pending, and ends in a second receipt', async () => {
    const { redis, prefix, take, token } = keySpace()
    const jobId = await giveUp('user_1')
    expect(await figures('ticket-1')).toMatchObject({ accepted: 1, dead: 1, pending: 0 })
    expect(await codes()).toEqual({ 30001: '1' })
    await letters().replay([jobId], 'a test')
    expect(await figures('ticket-1')).toMatchObject({ accepted: 1, dead: 0, pending: 1 })
    expect(await redis.ttl(`${keysOf(prefix).requests}ticket-1`)).toBe(-1)
    expect(await codes()).toEqual({})
    const job = await take()
    await settle(job?.id ?? '', 'cleared', { account: 'user_1', requests: ['ticket-1'] })
    await job?.moveToCompleted(null, token, false)
    expect(await figures('ticket-1')).toMatchObject({ accepted: 1, cleared: 1, pending: 0 })
    const { lines } = await exportedLines({ redis, prefix })
    expect(lines.map(line => JSON.parse(line))).toMatchObject([
      { outcome: 'dead_lettered', code: '30001', account: testSeals.pseudonymOf('user_1') },
      { outcome: 'cleared', account: testSeals.pseudonymOf('user_1') },
    ])
  })

  it('twice, by two at once too, enqueues once', async () => {
    const jobId = await giveUp('user_1')
    const results = await Promise.all([letters().replay([jobId], 'one'), letters().replay([jobId], 'other')])
    expect(results.flat().toSorted()).toEqual(['not_found', 'replayed'])
    expect(await keySpace().queue.getPrioritizedCount()).toBe(1)
    expect((await keySpace().producer.enqueue('user_1')).result).toBe('duplicate')
  })

  it('is refused for a job that waits or runs, and for one that does not exist', async () => {
    const { producer, take } = keySpace()
    const { jobId } = await producer.enqueue('user_1')
    expect(await letters().replay([jobId, 'made-up'], 'a test')).toEqual(['in_queue', 'not_found'])
    await take()
    expect(await letters().replay([jobId], 'a test')).toEqual(['in_queue'])
    expect(await letters().actions()).toEqual([])
  })

  it('leaves a dead letter whose account is in the queue again', async () => {
    const jobId = await giveUp('user_1')
    await keySpace().producer.enqueue('user_1')
    expect(await letters().replay([jobId], 'a test')).toEqual(['live'])
    expect(await ids()).toEqual([jobId])
    expect(await codes()).toEqual({ 30001: '1' })
  })

  it('cannot be settled by a worker that lost the old job long ago', async () => {
    const jobId = await giveUp('user_1')
    await letters().replay([jobId], 'a test')
    expect(await settle(jobId, 'cleared')).toEqual({ kind: 'gone' })
  })

  it('begins the figures of a request anew that have expired meanwhile', async () => {
    const { redis, prefix, take } = keySpace()
    const jobId = await giveUp('user_1')
    await redis.del(`${keysOf(prefix).requests}ticket-1`)
    await letters().replay([jobId], 'a test')
    await settle((await take())?.id ?? '', 'cleared', { requests: ['ticket-1'] })
    expect(await figures('ticket-1')).toMatchObject({ accepted: 1, cleared: 1, dead: 0, pending: 0 })
  })

  it('is logged, without a word of the account', async () => {
    await letters().replay([await giveUp('user_1'), await giveUp('user_2')], '--code 30001')
    const actions = await letters().actions()
    expect(actions).toMatchObject([{ action: 'replay', jobs: 2, chosen: '--code 30001' }])
  })
})

describe('discarding', () => {
  it('ends all data of the job; receipt and figures stand', async () => {
    const { redis, prefix } = keySpace()
    const jobId = await giveUp('user_1')
    expect(await letters().discard([jobId, 'made-up'], 'a test')).toEqual(['discarded', 'not_found'])
    expect((await redis.keys(`${prefix}*`)).filter(key => key.includes(jobId) || key.includes('user_1'))).toEqual([])
    expect(await codes()).toEqual({})
    expect(await figures('ticket-1')).toMatchObject({ accepted: 1, dead: 1 })
    expect(await letters().discard([jobId], 'a test')).toEqual(['not_found'])
    expect(await letters().actions()).toMatchObject([{ action: 'discard', jobs: 1 }])
  })

  it('is refused for what has no receipt, which can be replayed', async () => {
    const { producer, take, token } = keySpace()
    const { jobId } = await producer.enqueue('user_1')
    await (await take())?.moveToFailed(new Error('made up'), token)
    expect(await letters().discard([jobId], 'a test')).toEqual(['unsettled'])
    expect(await letters().find(jobId)).toMatchObject({
      code: 'unsettled',
      why: expect.stringContaining('another program failed the job'),
    })
    expect(await letters().replay([jobId], 'a test')).toEqual(['replayed'])
  })
})
