import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { makeJobData } from '../../../jobs/job/clear-friends-job.ts'
import { FINAL_OUTCOMES } from '../../../jobs/job/outcome.ts'
import { createRequestReader } from '../../../jobs/status/request-status.ts'
import { JOB_NAME, keysOf } from '../../../redis/keys.ts'
import { testSettle } from '../../helpers/receipts/settling.ts'
import { accounts, jobsKeySpace } from './key-space.ts'

const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

const read = (request: string) =>
  createRequestReader(keySpace().redis, keySpace().prefix, { ceilingPerSecond: 200, margin: 0.01 })(request)
const settle = (...args: Parameters<ReturnType<typeof testSettle>>) =>
  testSettle(keySpace().redis, keySpace().prefix)(...args)

describe('the figures of a request', () => {
  it('count each account once for each request that wants it', async () => {
    await keySpace().producer.enqueueMany(accounts(3), { request: 'ticket-1' })
    await keySpace().producer.enqueueMany(accounts(4), { request: 'ticket-2' })
    expect(await read('ticket-1')).toMatchObject({ accepted: 3, pending: 3, cleared: 0, lastAt: null })
    expect(await read('ticket-2')).toMatchObject({ accepted: 4, pending: 4 })
  })

  it('heal when a producer died between enqueueing and counting and the import is run again', async () => {
    const { queue, producer } = keySpace()
    const data = makeJobData({ account: 'user_1', deleteType: 'both', request: 'ticket-1', due: 2_000_000_000 })
    await queue.add(JOB_NAME, data, { deduplication: { id: 'user_1' }, priority: 2 })
    await expect(read('ticket-1')).rejects.toThrow('there is no request "ticket-1"')
    expect(await producer.enqueueMany(accounts(2), { request: 'ticket-1' })).toMatchObject({ duplicate: 1 })
    expect(await read('ticket-1')).toMatchObject({ accepted: 2, pending: 2 })
  })

  it('count a job of a producer that counts nothing when it is settled', async () => {
    const { queue } = keySpace()
    const data = makeJobData({ account: 'user_1', deleteType: 'both', request: 'ticket-1', due: 2_000_000_000 })
    const job = await queue.add(JOB_NAME, data)
    await settle(job.id ?? '', 'not_imported', { requests: ['ticket-1'] })
    expect(await read('ticket-1')).toMatchObject({ accepted: 1, notImported: 1, pending: 0, etaSeconds: 0 })
  })

  it('always add up', async () => {
    const end = fc.option(fc.constantFrom(...FINAL_OUTCOMES))
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(end, { minLength: 1, maxLength: 12 }), async ends => {
        const request = `ticket-${run++}`
        for (const [index, outcome] of ends.entries()) {
          const { jobId } = await keySpace().producer.enqueue(`${request}_${index}`, { request })
          if (outcome !== null) await settle(jobId, outcome, { requests: [request] })
        }
        const figures = await read(request)
        const { cleared, notImported, dead, cancelled, pending } = figures
        expect(figures.accepted).toBe(ends.length)
        expect(cleared + notImported + dead + cancelled + pending).toBe(ends.length)
        expect(pending).toBe(ends.filter(outcome => outcome === null).length)
      }),
      { numRuns: 20 },
    )
  })

  it('live as long as something is pending, and then as long as receipts', async () => {
    const { redis, prefix, producer } = keySpace()
    const key = `${keysOf(prefix).requests}ticket-1`
    const { jobId } = await producer.enqueue('user_1', { request: 'ticket-1' })
    await settle(jobId, 'cleared', { requests: ['ticket-1'] })
    expect(await redis.ttl(key)).toBeGreaterThan(0)
    await producer.enqueue('user_2', { request: 'ticket-1' })
    expect(await redis.ttl(key)).toBe(-1)
  })

  it('cost nothing where a job names no request', async () => {
    const { redis, prefix, producer } = keySpace()
    const { jobId } = await producer.enqueue('user_1')
    expect(await redis.hexists(keysOf(prefix).queue + jobId, 'counted')).toBe(0)
    expect(await redis.keys(`${keysOf(prefix).requests}*`)).toEqual([])
  })
})
