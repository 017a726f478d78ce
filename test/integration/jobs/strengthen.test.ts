import { Redis } from 'ioredis'
import { beforeEach, describe, expect, it } from 'vitest'
import { addBatch, openTarget } from '../../../jobs/enqueue/enqueue-batch.ts'
import { createProducer } from '../../../jobs/enqueue/producer.ts'
import { createStrengthener } from '../../../jobs/enqueue/strengthen.ts'
import { priorityOfDue, RETRY_PRIORITY } from '../../../jobs/job/due.ts'
import { keysOf } from '../../../redis/keys.ts'
import { exportedLines } from '../../helpers/receipts/receipts.ts'
import { testSettle } from '../../helpers/receipts/settling.ts'
import { jobsKeySpace } from './key-space.ts'
import { LATE, wishesOf } from './wishes.ts'

const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

const SOON = 1_900_000_000
const APP = 1_400_000_000
const TEN_YEARS_MS = 315_360_000_000

const { enqueue, figures, field, stored } = wishesOf(keySpace)
/** Adds a job as a producer of another program may. */
const addForeign = (data: object, options: object = {}) =>
  keySpace().queue.add('c', data, { deduplication: { id: 'user_1' }, ...options })
const foreignData = { v: 1, account: 'user_1', due: LATE }
const urgentToo = () => enqueue({ due: SOON, request: 'ticket-2' })

describe('a duplicate', () => {
  it('that waits in line moves the job up to its earlier due date', async () => {
    const { producer, take } = keySpace()
    const { jobId } = await enqueue()
    await producer.enqueue('user_2', { due: LATE - 86_400 })
    expect(await enqueue({ due: SOON })).toEqual({ result: 'duplicate', jobId, strengthened: true })
    const job = await take()
    expect({ id: job?.id, due: job?.data.due, priority: job?.priority }).toEqual({
      ...{ id: jobId, due: SOON, priority: priorityOfDue(SOON) },
    })
  })

  it('makes a one-way job two-way, and never the other way round', async () => {
    const { jobId } = await enqueue({ deleteType: 'single' })
    expect(await enqueue()).toMatchObject({ strengthened: true })
    expect(await enqueue({ deleteType: 'single' })).toMatchObject({ strengthened: false })
    expect(await stored(jobId)).toEqual({ due: LATE, type: undefined, requests: [] })
  })

  it('with a later due date changes nothing', async () => {
    const { jobId } = await enqueue({ due: SOON, request: 'ticket-1' })
    expect(await enqueue({ request: 'ticket-1' })).toEqual({ result: 'duplicate', jobId, strengthened: false })
    expect(await stored(jobId)).toEqual({ due: SOON, type: undefined, requests: ['ticket-1'] })
  })

  it('of another request is counted by it, ends with it, and is named in the receipt', async () => {
    const { redis, prefix, take } = keySpace()
    const { jobId } = await enqueue({ request: 'ticket-1' })
    await enqueue({ request: 'ticket-2' })
    await enqueue({ request: 'ticket-2' })
    expect(await figures('ticket-2')).toMatchObject({ accepted: 1, pending: 1 })
    await take()
    const result = await testSettle(redis, prefix)(jobId, 'cleared', { requests: ['ticket-1'] })
    expect(result).toEqual({ kind: 'settled', suspicious: false })
    for (const request of ['ticket-1', 'ticket-2']) {
      expect(await figures(request)).toMatchObject({ accepted: 1, cleared: 1, verified: 1, pending: 0 })
    }
    const { lines } = await exportedLines({ redis, prefix, request: 'ticket-2' })
    expect(lines.map(line => JSON.parse(line).requests)).toEqual([['ticket-1', 'ticket-2']])
  })

  it('inside one batch strengthens the job of the same batch', async () => {
    const entries = [
      { account: 'user_1', due: LATE, deleteType: 'single', request: 'ticket-1' },
      { account: 'user_1', due: SOON, request: 'ticket-2' },
    ] as const
    const manifest = await keySpace().producer.enqueueMany(entries)
    expect(manifest).toMatchObject({ entries: 2, accepted: 1, duplicate: 1, rejected: 0 })
    const [job] = await keySpace().queue.getPrioritized()
    expect(await stored(job?.id ?? '')).toEqual({ due: SOON, type: undefined, requests: ['ticket-1', 'ticket-2'] })
    expect(await figures('ticket-1')).toMatchObject({ accepted: 1 })
    expect(await figures('ticket-2')).toMatchObject({ accepted: 1 })
  })

  it('costs nothing where there is none: an import of new accounts asks Redis no more', async () => {
    const redis = new Redis({ lazyConnect: true })
    expect(await createStrengthener(redis, 'any')([])).toEqual([])
    expect(redis.status).toBe('wait')
  })

  it('of an import that was killed and sent again is served once, even when the job has ended since', async () => {
    const { redis, prefix, producer, queue, take, token } = keySpace()
    const { jobId } = await enqueue()
    const killed = new Error('killed before the checkpoint')
    const importing = (onProgress?: () => unknown) =>
      producer.enqueueMany(['user_1', { account: 'user_2', due: LATE }], {
        ...{ due: SOON, request: 'ticket-2', repeatable: { key: 'made-up', firstIndex: 0 } },
        ...(onProgress === undefined ? {} : { onProgress }),
      })
    await expect(importing(() => Promise.reject(killed))).rejects.toThrow(killed)
    const job = await take()
    expect(job?.id).toBe(jobId)
    await testSettle(redis, prefix)(jobId, 'cleared')
    await job?.moveToCompleted(null, token, false)
    expect(await importing()).toEqual({ entries: 2, accepted: 1, duplicate: 1, strengthened: 1, rejected: 0 })
    expect(await queue.getPrioritizedCount()).toBe(1)
    expect(await figures('ticket-2')).toMatchObject({ accepted: 2, cleared: 1, pending: 1 })
  })
})

describe('a second wish for a job', () => {
  it('that is retried leaves it in front of all others', async () => {
    const { take, token } = keySpace()
    const { jobId } = await enqueue()
    const job = await take()
    await job?.changePriority({ priority: RETRY_PRIORITY })
    await job?.moveToWait(token)
    expect(await urgentToo()).toMatchObject({ strengthened: true })
    expect((await keySpace().queue.getJob(jobId))?.priority).toBe(RETRY_PRIORITY)
    expect(await stored(jobId)).toMatchObject({ due: SOON, requests: ['ticket-2'] })
  })

  it('in backoff keeps the backoff', async () => {
    const { take, token, queue } = keySpace()
    const { jobId } = await enqueue({ deleteType: 'single' })
    await (await take())?.moveToDelayed(Date.now() + 60_000, token)
    expect(await urgentToo()).toMatchObject({ result: 'duplicate', strengthened: true })
    expect(await queue.getDelayedCount()).toBe(1)
    expect(await stored(jobId)).toEqual({ due: SOON, type: undefined, requests: ['ticket-2'] })
    await (await queue.getJob(jobId))?.promote()
    expect((await take())?.priority).toBe(priorityOfDue(SOON))
  })

  it.each([{}, { priority: 2_000_000 }])(
    'that a foreign producer has parked for ten years with %j runs it',
    async more => {
      const { queue, take } = keySpace()
      const job = await addForeign(foreignData, { delay: TEN_YEARS_MS, ...more })
      expect(await urgentToo()).toEqual({ result: 'duplicate', jobId: job.id, strengthened: true })
      expect(await queue.getDelayedCount()).toBe(0)
      const taken = await take()
      expect({ id: taken?.id, priority: taken?.priority }).toEqual({ id: job.id, priority: priorityOfDue(SOON) })
    },
  )

  it('without a priority, as a foreign producer adds it, leaves it before all that have one', async () => {
    const job = await addForeign(foreignData)
    await urgentToo()
    expect(await keySpace().queue.getWaitingCount()).toBe(1)
    expect(await stored(job.id ?? '')).toMatchObject({ due: SOON, requests: ['ticket-2'] })
  })

  it('in a paused queue moves it up and wakes no worker', async () => {
    const { queue, take } = keySpace()
    await queue.pause()
    const { jobId } = await enqueue()
    await urgentToo()
    expect(await take()).toBeUndefined()
    await queue.resume()
    expect((await take())?.id).toBe(jobId)
  })

  it('in hand is noticed by the settle: a one-way clear does not end it', async () => {
    const { redis, prefix, take } = keySpace()
    const { jobId } = await enqueue({ deleteType: 'single' })
    await take()
    await urgentToo()
    const settle = testSettle(redis, prefix)
    expect(await settle(jobId, 'cleared', {}, { oneWay: true, text: '' })).toEqual({ kind: 'outgrown' })
    expect((await exportedLines({ redis, prefix })).lines).toEqual([])
    expect(await settle(jobId, 'cleared', {}, { oneWay: false, text: '' })).toMatchObject({ kind: 'settled' })
    expect(await figures('ticket-2')).toMatchObject({ accepted: 1, cleared: 1 })
  })

  it('in hand makes a veto ask again, since the hook did not know of it', async () => {
    const { redis, prefix, take } = keySpace()
    const { jobId } = await enqueue()
    await take()
    await urgentToo()
    const settle = testSettle(redis, prefix)
    expect(await settle(jobId, 'cancelled', {}, { oneWay: false, text: '' })).toEqual({ kind: 'outgrown' })
    const text = (await field(jobId, 'wish')) ?? ''
    expect(await settle(jobId, 'cancelled', {}, { oneWay: false, text })).toMatchObject({ kind: 'settled' })
  })
})

describe('a wish for an app', () => {
  const wanting = (app: number) => createProducer({ ...keySpace(), app })

  it('joins a job that names none, which from then on is for that app alone', async () => {
    const { jobId } = await enqueue()
    const options = { due: SOON }
    expect(await wanting(APP).enqueue('user_1', options)).toEqual({ result: 'duplicate', jobId, strengthened: true })
    expect(JSON.parse((await field(jobId, 'data')) ?? '')).toMatchObject({ app: APP, due: SOON })
    expect(await enqueue()).toMatchObject({ result: 'duplicate', jobId })
  })

  it('never joins a job of another one', async () => {
    const { jobId } = await wanting(APP + 1).enqueue('user_1')
    expect(await wanting(APP).enqueue('user_1')).toMatchObject({ result: 'accepted' })
    expect(JSON.parse((await field(jobId, 'data')) ?? '')).toMatchObject({ app: APP + 1 })
  })
})

describe('a wish that no job there can serve becomes a new job', () => {
  it('whose job ended after BullMQ had called it a duplicate', async () => {
    const { redis, prefix, producer, take, token } = keySpace()
    await enqueue({ request: 'ticket-1' })
    const job = await take()
    const target = await openTarget(redis, prefix, undefined)
    const strengthen: typeof target.strengthen = async duplicates => {
      if (duplicates.length > 0) await job?.moveToCompleted(null, token, false)
      return target.strengthen(duplicates)
    }
    const data = { v: 1, account: 'user_1', request: 'ticket-2', due: SOON } as const
    const opts = { jobId: 'made-up', deduplication: { id: 'user_1' }, priority: priorityOfDue(SOON) }
    const added = await addBatch({ ...target, strengthen }, [{ name: 'c', data, opts }])
    expect(added).toEqual([{ result: 'accepted', jobId: 'made-up' }])
    expect(await stored('made-up')).toMatchObject({ due: SOON, requests: ['ticket-2'] })
    expect(await figures('ticket-2')).toMatchObject({ accepted: 1, pending: 1 })
    await target.queue.close()
    expect(await producer.enqueue('user_1', { due: SOON, request: 'ticket-2' })).toMatchObject({ jobId: 'made-up' })
  })

  it.each<[string, () => Promise<unknown>]>([
    [
      'of a job that a crashed worker settled and did not complete',
      async () => {
        const { jobId } = await enqueue({ request: 'ticket-1' })
        await keySpace().take()
        await testSettle(keySpace().redis, keySpace().prefix)(jobId, 'cleared', { requests: ['ticket-1'] })
      },
    ],
    [
      'whose deduplication key points at nothing',
      () => keySpace().redis.set(`${keysOf(keySpace().prefix).queue}de:user_1`, 'no-such-job', 'EX', 3600),
    ],
    [
      'whose deduplication key has a time to live and points at a dead letter',
      async () => {
        await addForeign(foreignData, { deduplication: { id: 'user_1', ttl: 3_600_000 } })
        await (await keySpace().take())?.moveToFailed(new Error('made up'), keySpace().token, false)
      },
    ],
    ['where a job of another account holds its place', () => addForeign({ ...foreignData, account: 'user_2' })],
    ['where a job without valid data holds its place', () => addForeign({ ...foreignData, due: 'soon' })],
    [
      'where a job whose request tells the account holds its place',
      () => addForeign({ ...foreignData, request: 'user_1' }),
    ],
    ['where a job with a field that nobody knows holds its place', () => addForeign({ ...foreignData, x: 1 })],
    [
      'where a job of another app than the fleet’s holds its place',
      async () => {
        await keySpace().redis.hset(keysOf(keySpace().prefix).fleet, 'app', APP)
        await addForeign({ ...foreignData, app: APP + 1 })
      },
    ],
    ['where a job of a version to come holds its place', () => addForeign({ ...foreignData, v: 2 })],
  ])('%s', async (_what, prepare) => {
    await prepare()
    const { result, jobId } = await urgentToo()
    expect(result).toBe('accepted')
    expect(await stored(jobId)).toEqual({ due: SOON, type: undefined, requests: ['ticket-2'] })
    expect(await figures('ticket-2')).toMatchObject({ accepted: 1, pending: 1 })
    expect(await urgentToo()).toEqual({ result: 'duplicate', jobId, strengthened: false })
  })
})
