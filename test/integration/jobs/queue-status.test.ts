import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Entry } from '../../../jobs/enqueue/producer.ts'
import { FIRST_STEP_AT, priorityOfDue, RETRY_PRIORITY, STEP_SECONDS } from '../../../jobs/job/due.ts'
import { setFleetRate } from '../../../jobs/status/fleet-control.ts'
import { createFleetStatusReader } from '../../../jobs/status/fleet-status.ts'
import { createQueueStatusReader, type RateSettings } from '../../../jobs/status/queue-status.ts'
import { keysOf } from '../../../redis/keys.ts'
import { testSettle } from '../../helpers/receipts/settling.ts'
import { accounts, jobsKeySpace } from './key-space.ts'

const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

const settings: RateSettings = { ceilingPerSecond: 200, margin: 0.01 }
const readQueue = (given = settings) => createQueueStatusReader(keySpace().redis, keySpace().prefix, given)()
const readFleet = (given = settings) => createFleetStatusReader(keySpace().redis, keySpace().prefix, given)()

const nowSeconds = (): number => Math.floor(Date.now() / 1000)

describe('the status of a queue', () => {
  it('that does not exist yet is all zeros', async () => {
    expect(await readFleet()).toEqual({
      queue: { waiting: 0, active: 0, delayed: 0, failed: 0 },
      halted: null,
      paused: false,
      workers: 0,
      aside: [],
      pause: null,
      resumed: null,
      rate: { limit: 200, allowed: 200, lastSecond: 0 },
      oldestPendingSeconds: 0,
      etaSeconds: 0,
      dueAtRisk: 0,
      outcomes: { cleared: 0, not_imported: 0, dead_lettered: 0, cancelled: 0 },
      unproved: 0,
    })
  })

  it('counts what stands in line where another program has put something else than a job', async () => {
    const { producer, redis, prefix } = keySpace()
    const { queue } = keysOf(prefix)
    await producer.enqueueMany(accounts(3))
    for (const list of ['wait', 'active']) await redis.lpush(`${queue}${list}`, `no hash in ${list}`)
    for (const set of ['delayed', 'prioritized']) await redis.zadd(`${queue}${set}`, 1, `no hash in ${set}`)
    for (const place of ['wait', 'active', 'delayed', 'prioritized'])
      await redis.set(`${queue}no hash in ${place}`, 'x')
    expect((await readFleet()).queue).toEqual({ waiting: 5, active: 1, delayed: 1, failed: 0 })
  })

  it('counts jobs by their state', async () => {
    const { producer, queue, take, token } = keySpace()
    await producer.enqueueMany(accounts(10))
    // A job without a priority, as a producer in another language may make it.
    await queue.add('clear', { v: 1, account: 'user_plain', due: nowSeconds() })
    const [active, delayed, failed] = [await take(), await take(), await take()]
    await delayed?.moveToDelayed(Date.now() + 60_000, token)
    await failed?.moveToFailed(new Error('a made-up reason'), token, false)
    expect(active).toBeDefined()
    expect(await readQueue()).toMatchObject({ waiting: 8, active: 1, delayed: 1, failed: 1 })
  })

  it('counts settled jobs by outcome', async () => {
    const { producer, redis, prefix } = keySpace()
    const settle = testSettle(redis, prefix)
    const outcomes = ['cleared', 'cleared', 'not_imported', 'dead_lettered', 'cleared'] as const
    for (const [index, outcome] of outcomes.entries()) {
      await settle((await producer.enqueue(`user_${index}`)).jobId, outcome)
    }
    expect((await readQueue()).outcomes).toEqual({ cleared: 3, not_imported: 1, dead_lettered: 1, cancelled: 0 })
  })

  it('counts clears whose proof could not be read, and no other outcome, as unproved', async () => {
    const { producer, redis, prefix } = keySpace()
    const settle = testSettle(redis, prefix)
    const ends = [
      ['cleared', 'no'],
      ['cleared', 'yes'],
      ['cleared', 'skipped'],
      ['dead_lettered', 'no'],
    ] as const
    for (const [index, [outcome, verified]] of ends.entries()) {
      const { jobId } = await producer.enqueue(`user_${index}`, { request: 'ticket-1' })
      await settle(jobId, outcome, { verified, requests: ['ticket-1'] })
    }
    expect((await readQueue()).unproved).toBe(1)
    expect(await redis.hget(`${keysOf(prefix).requests}ticket-1`, 'unproved')).toBe('1')
  })

  it('tells the calls of the last second, whatever bins they fell into', async () => {
    const { redis, prefix } = keySpace()
    const sent = keysOf(prefix).sent('friend_delete_all')
    const [now] = await redis.time()
    const pipeline = redis.pipeline()
    // One call every ten milliseconds, from long ago to a minute ahead: the answer is the same at any moment.
    const bins = Object.fromEntries(Array.from({ length: 100 }, (_, bin) => [String(bin), '1']))
    for (let second = Number(now) - 20; second < Number(now) + 60; second++) pipeline.hset(`${sent}:${second}`, bins)
    await pipeline.exec()
    expect(await readQueue()).toMatchObject({ callsLastSecond: 100 })
    expect((await readFleet()).rate.lastSecond).toBe(100)
  })
})

describe('the age of the oldest pending job', () => {
  const agedBy = async (account: string, seconds: number, due?: number): Promise<string> => {
    const { producer, redis, prefix } = keySpace()
    const { jobId } = await producer.enqueue(account, due === undefined ? {} : { due })
    await redis.hset(keysOf(prefix).queue + jobId, 'timestamp', String(Date.now() - seconds * 1000))
    return jobId
  }
  const oldest = async (): Promise<number> => (await readFleet()).oldestPendingSeconds
  /** Allows 30 s, since a busy machine may need some seconds between enqueueing and reading. */
  const expectAge = async (seconds: number): Promise<void> => {
    const age = await oldest()
    expect(age).toBeGreaterThanOrEqual(seconds)
    expect(age).toBeLessThan(seconds + 30)
  }

  it('is that of a waiting job, also of one that is due late', async () => {
    await agedBy('user_1', 5000, nowSeconds() + 86_400)
    await agedBy('user_2', 700, nowSeconds() + 7200)
    await agedBy('user_3', 60, nowSeconds() + 3600)
    await expectAge(5000)
  })

  it('is that of a job that is worked on, or waits for its next attempt', async () => {
    await agedBy('user_1', 9000)
    const job = await keySpace().take()
    await agedBy('user_2', 60)
    await expectAge(9000)
    await job?.moveToDelayed(Date.now() + 60_000, keySpace().token)
    await expectAge(9000)
  })

  it('is none when the clock of the producer is ahead', async () => {
    await agedBy('user_1', -3600)
    expect(await oldest()).toBe(0)
  })

  it('does not count dead letters', async () => {
    await agedBy('user_1', 9000)
    await (await keySpace().take())?.moveToFailed(new Error('a made-up reason'), keySpace().token, false)
    expect(await oldest()).toBe(0)
  })
})

/** Place of a job in the queue: its producer's due date, and whether it is retried. */
interface Placed {
  readonly due: number
  readonly retried: boolean
}

/** Goes through the queue job by job, retried ones first; counts jobs done after their due date, or their step's. */
function naivelyAtRisk(placed: readonly Placed[], perSecond: number, atMs: number): number {
  const retried = placed.filter(job => job.retried)
  const fresh = placed.filter(job => !job.retried).map(job => priorityOfDue(job.due))
  const lateRetried = retried.filter(({ due }, position) => due < atMs / 1000 + position / perSecond).length
  const late = fresh
    .toSorted((a, b) => a - b)
    .filter((priority, position) => {
      const due = FIRST_STEP_AT + priority * STEP_SECONDS
      return retried.length + position + 1 > (due - atMs / 1000) * perSecond
    }).length
  return lateRetried + late
}

describe('the forecast of due dates', () => {
  it('agrees with a walk through the queue job by job', async () => {
    const { producer, queue } = keySpace()
    const aroundNow = fc.integer({ min: -3 * STEP_SECONDS, max: 12 * STEP_SECONDS })
    const job = fc.record({ dueIn: aroundNow, retried: fc.boolean() })
    const rate = fc.record({ ceilingPerSecond: fc.constantFrom(1, 2, 7), margin: fc.constantFrom(0, 0.01, 0.99) })
    await fc.assert(
      fc.asyncProperty(fc.array(job, { maxLength: 40 }), rate, async (jobs, given) => {
        await keySpace().empty()
        const start = nowSeconds()
        const due = (index: number): number => start + (jobs[index]?.dueIn ?? 0)
        await producer.enqueueMany(jobs.map((_, index): Entry => ({ account: `user_${index}`, due: due(index) })))
        const placed: Placed[] = []
        for (const each of await queue.getPrioritized()) {
          const index = Number(String(each.data.account).slice('user_'.length))
          const retried = jobs[index]?.retried === true
          if (retried) await each.changePriority({ priority: RETRY_PRIORITY })
          placed.push({ due: due(index), retried })
        }
        const { dueAtRisk, readAt } = await readQueue(given)
        const perSecond = given.ceilingPerSecond * (1 - given.margin)
        // The answer holds the time in whole milliseconds, while the script counted with the exact time.
        expect(dueAtRisk).toBeGreaterThanOrEqual(naivelyAtRisk(placed, perSecond, readAt))
        expect(dueAtRisk).toBeLessThanOrEqual(naivelyAtRisk(placed, perSecond, readAt + 1))
      }),
      { numRuns: 25 },
    )
  })

  it('gets worse when the fleet is slower', async () => {
    const due = nowSeconds() + 3600
    await keySpace().producer.enqueueMany(accounts(100).map((account): Entry => ({ account, due })))
    expect((await readQueue({ ceilingPerSecond: 200, margin: 0.01 })).dueAtRisk).toBe(0)
    expect((await readQueue({ ceilingPerSecond: 1, margin: 0.99 })).dueAtRisk).toBeGreaterThan(50)
    await setFleetRate(keySpace().redis, keySpace().prefix, 1, 200)
    expect(await readQueue({ ceilingPerSecond: 200, margin: 0.99 })).toMatchObject({ allowedPerSecond: 1 })
    expect((await readQueue({ ceilingPerSecond: 200, margin: 0.99 })).dueAtRisk).toBeGreaterThan(50)
  })

  it('counts all that is overdue', async () => {
    await keySpace().producer.enqueueMany(accounts(7), { due: nowSeconds() - 86_400 })
    expect((await readQueue()).dueAtRisk).toBe(7)
  })
})

describe('jobs that are tried again', () => {
  it('are late when their due date is before the end of their backoff, or before their turn', async () => {
    const { producer, take, token } = keySpace()
    await producer.enqueueMany([
      { account: 'user_1', due: nowSeconds() + 30 },
      { account: 'user_2', due: nowSeconds() + 3600 },
    ])
    for (const account of ['user_1', 'user_2']) {
      const job = await take()
      expect(job?.data.account).toBe(account)
      await job?.changePriority({ priority: RETRY_PRIORITY })
      await job?.moveToDelayed(Date.now() + 60_000, token)
    }
    expect((await readQueue()).dueAtRisk).toBe(1)
  })

  it('take their turn from those that have not been tried', async () => {
    const { producer, take, token } = keySpace()
    const due = nowSeconds() + 2 * STEP_SECONDS
    await producer.enqueueMany(accounts(3).map((account): Entry => ({ account, due })))
    const slow = { ceilingPerSecond: 1, margin: 0.999 }
    const before = (await readQueue(slow)).dueAtRisk
    const job = await take()
    await job?.moveToDelayed(Date.now() + 1000, token)
    expect((await readQueue({ ceilingPerSecond: 200, margin: 0 })).dueAtRisk).toBe(0)
    expect((await readQueue(slow)).dueAtRisk).toBeLessThanOrEqual(before)
  })
})
