import { beforeEach, describe, expect, it, vi } from 'vitest'
import { FINAL_OUTCOMES } from '../../../jobs/job/outcome.ts'
import { createReceiptSeals } from '../../../jobs/receipts/keys/receipt-seals.ts'
import { createSettlement } from '../../../jobs/settle/settlement.ts'
import { keysOf } from '../../../redis/keys.ts'
import { TEST_RECEIPT_KEY, testSettle } from '../../helpers/receipts/settling.ts'
import { jobsKeySpace } from './key-space.ts'

const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

const seals = createReceiptSeals(TEST_RECEIPT_KEY)
const settle = (...args: Parameters<ReturnType<typeof testSettle>>) =>
  testSettle(keySpace().redis, keySpace().prefix)(...args)
const counts = () => keySpace().redis.hgetall(keysOf(keySpace().prefix).outcomes)
const receipts = () => keySpace().redis.xrange(keysOf(keySpace().prefix).receipts, '-', '+')
const figures = (request: string) => keySpace().redis.hgetall(keysOf(keySpace().prefix).requests + request)

describe('settling a job', () => {
  it.each(FINAL_OUTCOMES)('counts it once as %s and writes one receipt', async outcome => {
    const { jobId } = await keySpace().producer.enqueue('user_1')
    expect(await settle(jobId, outcome)).toEqual({ kind: 'settled', suspicious: false })
    expect(await counts()).toEqual({ [outcome]: '1' })
    expect(await receipts()).toHaveLength(1)
  })

  it('a second time changes nothing and tells the outcome that stands', async () => {
    const { jobId } = await keySpace().producer.enqueue('user_1')
    await settle(jobId, 'cleared')
    expect(await settle(jobId, 'cleared')).toMatchObject({ kind: 'already', outcome: 'cleared' })
    expect(await settle(jobId, 'dead_lettered')).toMatchObject({ kind: 'already', outcome: 'cleared' })
    expect(await counts()).toEqual({ cleared: '1' })
    expect(await receipts()).toHaveLength(1)
  })

  it('from many places at once is won by one of them', async () => {
    const { jobId } = await keySpace().producer.enqueue('user_1')
    const answers = await Promise.all(Array.from({ length: 20 }, () => settle(jobId, 'cleared')))
    expect(answers.filter(answer => answer.kind === 'settled')).toHaveLength(1)
    expect(answers.filter(answer => answer.kind === 'already')).toHaveLength(19)
    expect(await counts()).toEqual({ cleared: '1' })
    expect(await receipts()).toHaveLength(1)
  })

  it('that is no longer there counts nothing and makes nothing', async () => {
    const { jobId } = await keySpace().producer.enqueue('user_1')
    await (await keySpace().queue.getJob(jobId))?.remove()
    expect(await settle(jobId, 'cleared')).toEqual({ kind: 'gone' })
    expect(await counts()).toEqual({})
    expect(await receipts()).toEqual([])
    expect(await keySpace().redis.exists(keysOf(keySpace().prefix).queue + jobId)).toBe(0)
  })

  it('takes one round trip', async () => {
    const { producer, redis } = keySpace()
    const [first, second] = [await producer.enqueue('user_1'), await producer.enqueue('user_2')]
    const settleNext = testSettle(redis, keySpace().prefix)
    await settleNext(first.jobId, 'cleared')
    const commands = vi.spyOn(redis, 'sendCommand')
    await settleNext(second.jobId, 'cleared')
    expect(commands).toHaveBeenCalledTimes(1)
    commands.mockRestore()
  })

  it('works after the server has forgotten its scripts', async () => {
    const { producer, redis } = keySpace()
    const [first, second] = [await producer.enqueue('user_1'), await producer.enqueue('user_2')]
    await settle(first.jobId, 'cleared')
    await redis.script('FLUSH')
    expect(await settle(second.jobId, 'cleared')).toMatchObject({ kind: 'settled' })
  })

  it('leaves nothing behind when the job goes', async () => {
    const { producer, take, token, redis, prefix } = keySpace()
    const { jobId } = await producer.enqueue('user_1')
    const job = await take()
    await settle(jobId, 'cleared')
    await job?.moveToCompleted(null, token, false)
    await job?.remove()
    const left = await redis.keys(`${prefix}*`)
    expect(left.filter(key => key.includes(jobId))).toEqual([])
  })

  it('can be looked up by the worker that takes the job after a crash', async () => {
    const { redis, prefix, producer } = keySpace()
    const { jobId } = await producer.enqueue('user_1')
    const { lookUp } = createSettlement({ redis, prefix, seals, receiptDays: 400 })
    expect(await lookUp(jobId, 'user_1')).toBeUndefined()
    await settle(jobId, 'dead_lettered', { code: '30001', why: 'it said so' })
    expect(await lookUp(jobId, 'user_1')).toEqual({
      outcome: 'dead_lettered',
      reason: { code: '30001', text: 'it said so' },
    })
  })
})

describe('a receipt', () => {
  it('holds a pseudonym, never the account', async () => {
    const { jobId } = await keySpace().producer.enqueue('user_4711')
    await settle(jobId, 'cleared', { account: 'user_4711', requests: ['ticket-1'] })
    const [[id, fields] = ['', []]] = await receipts()
    expect(id).toMatch(/^1-\d{13}$/)
    expect(fields.join()).toContain(`"${seals.pseudonymOf('user_4711')}",["ticket-1"],"cleared",`)
    expect(fields.join()).not.toContain('user_4711')
  })

  it('has the next number without gaps, whatever the log’s own record says', async () => {
    const { producer, redis, prefix } = keySpace()
    const log = keysOf(prefix).receiptLog
    const settleNext = async (account: string) => settle((await producer.enqueue(account)).jobId, 'cleared')
    await settleNext('user_1')
    await settleNext('user_2')
    expect(await redis.hget(log, 'seq')).toBe('2')
    await redis.del(log)
    await settleNext('user_3')
    expect((await receipts()).map(([id]) => id.split('-')[0])).toEqual(['1', '2', '3'])
    expect(await redis.hget(log, 'seq')).toBe('3')
  })
})

describe('the figures of a request', () => {
  it('count a job as accepted and ended, once, and end with the receipts', async () => {
    const { producer, redis, prefix } = keySpace()
    const { jobId } = await producer.enqueue('user_1', { request: 'ticket-1' })
    await settle(jobId, 'cleared', { requests: ['ticket-1'] })
    await settle(jobId, 'cleared', { requests: ['ticket-1'] })
    expect(await figures('ticket-1')).toMatchObject({ accepted: '1', cleared: '1', verified: '1' })
    const days = (await redis.ttl(`${keysOf(prefix).requests}ticket-1`)) / 86_400
    expect(days).toBeCloseTo(400, 1)
  })
})

describe('dead letters', () => {
  it('are counted by code', async () => {
    const { producer, redis, prefix } = keySpace()
    const codes = ['30001', '30001', 'invalid_job']
    for (const [index, code] of codes.entries()) {
      await settle((await producer.enqueue(`user_${index}`)).jobId, 'dead_lettered', { code })
    }
    expect(await redis.hgetall(keysOf(prefix).deadLetterCodes)).toEqual({ 30001: '2', invalid_job: '1' })
  })
})

describe('accounts that the vendor does not know', () => {
  /** Settles accounts of which every `nth` is not imported; tells after how many the fleet was first suspicious. */
  async function firstSuspicion(accounts: number, nth: number, missingShare?: number): Promise<number | undefined> {
    const { redis, prefix, producer } = keySpace()
    const share = missingShare === undefined ? {} : { missingShare }
    const settlement = createSettlement({ redis, prefix, seals, receiptDays: 400, ...share })
    for (let n = 1; n <= accounts; n++) {
      const { jobId } = await producer.enqueue(`user_${n}`)
      const outcome = n % nth === 0 ? 'not_imported' : 'cleared'
      const end = {
        account: `user_${n}`,
        requests: [],
        verified: 'skipped',
        calls: 1,
        attempts: 1,
        enqueuedAt: 1,
        outcome,
      } as const
      const result = await settlement.settle(jobId, end)
      if (result.kind === 'settled' && result.suspicious) return n
    }
    return undefined
  }

  it.each([
    ['every fourth is too many by default', 4, undefined, 52],
    ['every fourth is not, where 30 % may be missing', 4, 0.3, undefined],
    ['every second is, where 30 % may be missing', 2, 0.3, 50],
    ['every sixth is not by default', 6, undefined, undefined],
    ['the first ten are, if none of them exists', 1, 0.9, 10],
    ['all are not, where all may be missing', 1, 1, undefined],
  ])('%s', async (_, nth, share, suspicion) => {
    expect(await firstSuspicion(120, nth, share)).toBe(suspicion)
  })
})
