import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { createProducer, type Entry, type Manifest } from '../../../jobs/enqueue/producer.ts'
import { parseJobData } from '../../../jobs/job/clear-friends-job.ts'
import { priorityOfDue } from '../../../jobs/job/due.ts'
import { InvalidJobError } from '../../../jobs/job/errors.ts'
import { JOB_NAME, keysOf } from '../../../redis/keys.ts'
import { accounts, jobsKeySpace, waitingAccounts } from './key-space.ts'

const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

describe('enqueueing one account', () => {
  it('makes a job that follows the contract', async () => {
    const { producer, queue } = keySpace()
    const { result, jobId } = await producer.enqueue('user_1', {
      deleteType: 'single',
      request: 'ticket-12',
      due: 1_900_000_000,
    })
    expect(result).toBe('accepted')
    const job = await queue.getJob(jobId)
    expect(job?.name).toBe(JOB_NAME)
    expect(job?.data).toEqual({ v: 1, account: 'user_1', type: 'single', request: 'ticket-12', due: 1_900_000_000 })
    expect(parseJobData(job?.data).ok).toBe(true)
    expect(job?.opts.priority).toBe(priorityOfDue(1_900_000_000))
    expect(jobId).not.toContain('user_1')
  })

  it('takes the due date from the settings where none is given', async () => {
    const { redis, prefix, queue } = keySpace()
    const before = Math.floor(Date.now() / 1000)
    const { jobId } = await createProducer({ redis, prefix, dueDays: 2 }).enqueue('user_1')
    const data: unknown = (await queue.getJob(jobId))?.data
    expect(data).toEqual({ v: 1, account: 'user_1', due: expect.any(Number) })
    const due = Number(Object(data).due)
    expect(due).toBeGreaterThanOrEqual(before + 172_800)
    expect(due).toBeLessThanOrEqual(Date.now() / 1000 + 172_800)
  })

  it('that has a live job already answers with that job', async () => {
    const { producer } = keySpace()
    const first = await producer.enqueue('user_1')
    expect(await producer.enqueue('user_1', { request: 'another' })).toEqual({
      result: 'duplicate',
      jobId: first.jobId,
      strengthened: true,
    })
    expect(await waitingAccounts(keySpace())).toEqual(['user_1'])
  })

  it('that is being worked on, or waits for its next attempt, is a duplicate too', async () => {
    const { producer, take, token } = keySpace()
    const { jobId } = await producer.enqueue('user_1')
    const job = await take()
    expect(await producer.enqueue('user_1')).toEqual({ result: 'duplicate', jobId, strengthened: false })
    await job?.moveToDelayed(Date.now() + 60_000, token)
    expect(await producer.enqueue('user_1')).toEqual({ result: 'duplicate', jobId, strengthened: false })
  })

  it.each(['completed', 'failed'] as const)('whose job has %s is accepted again', async end => {
    const { producer, take, token } = keySpace()
    const { jobId } = await producer.enqueue('user_1')
    const job = await take()
    if (end === 'completed') await job?.moveToCompleted(null, token, false)
    else await job?.moveToFailed(new Error('a made-up reason'), token, false)
    const again = await producer.enqueue('user_1')
    expect(again.result).toBe('accepted')
    expect(again.jobId).not.toBe(jobId)
  })

  it('at the same time from many places makes one job', async () => {
    const { producer } = keySpace()
    const results = await Promise.all(Array.from({ length: 50 }, () => producer.enqueue('user_1')))
    expect(results.filter(({ result }) => result === 'accepted')).toHaveLength(1)
    expect(new Set(results.map(({ jobId }) => jobId)).size).toBe(1)
  })

  it.each(['0', '4711', ' user 1 ', 'a:b:c', '{x}', '__proto__', '用户🦊', '"quoted"'])(
    'called %j keeps its id to the byte',
    async account => {
      const { producer } = keySpace()
      expect((await producer.enqueue(account)).result).toBe('accepted')
      expect((await producer.enqueue(account)).result).toBe('duplicate')
      expect(await waitingAccounts(keySpace())).toEqual([account])
    },
  )

  it('that does not fit is refused, and nothing is enqueued', async () => {
    const { producer } = keySpace()
    await expect(producer.enqueue('')).rejects.toThrow(new InvalidJobError('the account is empty'))
    await expect(producer.enqueue('user_1', { due: Date.now() })).rejects.toThrow('the due date is after the year 9999')
    await expect(producer.enqueue('user_1', { due: 0.5 })).rejects.toThrow(InvalidJobError)
    await expect(producer.enqueue('user_1', { request: '' })).rejects.toThrow('the request id is empty')
    expect(await waitingAccounts(keySpace())).toEqual([])
  })
})

describe('enqueueing many accounts', () => {
  it('goes on over batches, and tells the sums after each', async () => {
    const sums: Manifest[] = []
    const manifest = await keySpace().producer.enqueueMany(accounts(2500), { onProgress: each => sums.push(each) })
    expect(manifest).toEqual({ entries: 2500, accepted: 2500, duplicate: 0, strengthened: 0, rejected: 0 })
    expect(sums.map(({ accepted }) => accepted)).toEqual([1000, 2000, 2500])
    expect((await waitingAccounts(keySpace())).toSorted()).toEqual(accounts(2500).toSorted())
  })

  it('tells accepted from duplicate, also inside one batch', async () => {
    const { producer } = keySpace()
    await producer.enqueue('user_2')
    const manifest = await producer.enqueueMany(['user_1', 'user_2', 'user_1', 'user_3', 'user_3', 'user_3'])
    expect(manifest).toEqual({ entries: 6, accepted: 2, duplicate: 4, strengthened: 0, rejected: 0 })
    expect((await waitingAccounts(keySpace())).toSorted()).toEqual(accounts(3))
  })

  it('refuses entries with their index and a reason, and enqueues the others', async () => {
    const entries: Entry[] = JSON.parse(
      '["user_1", "", {"account": "user_2", "due": -1}, null, 4711, {}, {"account": "user_3", "deleteType": "Both"}, {"account": "user_4"}]',
    )
    const rejected: (readonly [number, string])[] = []
    const manifest = await keySpace().producer.enqueueMany(entries, {
      onRejected: (index, reason) => rejected.push([index, reason]),
    })
    expect(manifest).toEqual({ entries: 8, accepted: 2, duplicate: 0, strengthened: 0, rejected: 6 })
    expect(rejected).toEqual([
      [1, 'the account is empty'],
      [2, 'the due date is before 1970'],
      [3, 'the account is not a string'],
      [4, 'the account is not a string'],
      [5, 'the account is not a string'],
      [6, "the delete type is neither 'both' nor 'single'"],
    ])
    expect((await waitingAccounts(keySpace())).toSorted()).toEqual(['user_1', 'user_4'])
  })

  it('refuses an entry whose request id is its own account or another one of the batch', async () => {
    const rejected: (readonly [number, string])[] = []
    const entries = [
      { account: 'user_1', request: 'user_1' },
      { account: 'user_2', request: 'user_3' },
      { account: 'user_3', request: 'ticket-1' },
    ]
    const manifest = await keySpace().producer.enqueueMany(entries, {
      onRejected: (index, reason) => rejected.push([index, reason]),
    })
    expect(manifest).toMatchObject({ entries: 3, accepted: 1, rejected: 2 })
    expect(await waitingAccounts(keySpace())).toEqual(['user_3'])
    expect(rejected).toEqual([
      [0, expect.stringContaining('the request id is the account, which would show its user id')],
      [1, expect.stringContaining('the request id is the account of another entry')],
    ])
    expect(rejected.join()).not.toContain('user_')
  })

  it('stops at an entry whose account is the request id of all, and does not quote it', async () => {
    const { producer } = keySpace()
    const enqueueing = producer.enqueueMany(['user_1', 'user_2'], { request: 'user_2' })
    await expect(enqueueing).rejects.toThrow('entry 2: its account is the request id of all entries')
    await expect(enqueueing).rejects.not.toThrow('user_2')
    expect(await waitingAccounts(keySpace())).toEqual([])
    await expect(producer.enqueue('user_1', { request: 'user_1' })).rejects.toThrow(InvalidJobError)
  })

  it('gives entries the options of the call where they have none of their own', async () => {
    const { producer, queue } = keySpace()
    const own = { account: 'user_2', due: 1_950_000_000, request: 'mine', deleteType: 'both' } as const
    await producer.enqueueMany(['user_1', own], { due: 1_900_000_000, request: 'ours', deleteType: 'single' })
    const data = (await queue.getPrioritized()).map((job): unknown => job.data)
    expect(data).toEqual([
      { v: 1, account: 'user_1', type: 'single', request: 'ours', due: 1_900_000_000 },
      { v: 1, account: 'user_2', request: 'mine', due: 1_950_000_000 },
    ])
  })

  it('of nothing is done at once', async () => {
    expect(await keySpace().producer.enqueueMany([])).toEqual({
      entries: 0,
      accepted: 0,
      duplicate: 0,
      strengthened: 0,
      rejected: 0,
    })
  })

  it('reads a slow source no further ahead than a batch', async () => {
    let read = 0
    let done = 0
    let furthest = 0
    async function* source(): AsyncGenerator<string> {
      for (const account of accounts(3500)) {
        read += 1
        furthest = Math.max(furthest, read - done)
        yield account
      }
    }
    const manifest = await keySpace().producer.enqueueMany(source(), {
      onProgress: sums => {
        done = sums.entries
      },
    })
    expect(manifest.accepted).toBe(3500)
    expect(furthest).toBeLessThanOrEqual(1000)
  })

  it('stops at a signal and keeps what it has read', async () => {
    const stop = new AbortController()
    let isClosed = false
    async function* source(): AsyncGenerator<string> {
      try {
        for (const [index, account] of accounts(3500).entries()) {
          if (index === 1200) stop.abort()
          yield account
        }
      } finally {
        isClosed = true
      }
    }
    const manifest = await keySpace().producer.enqueueMany(source(), { signal: stop.signal })
    expect(manifest).toEqual({ entries: 1201, accepted: 1201, duplicate: 0, strengthened: 0, rejected: 0 })
    expect(await waitingAccounts(keySpace())).toHaveLength(1201)
    expect(isClosed).toBe(true)
  })

  it('hands on the failure of its source', async () => {
    async function* source(): AsyncGenerator<string> {
      yield 'user_1'
      throw new Error('the source is gone')
    }
    await expect(keySpace().producer.enqueueMany(source())).rejects.toThrow('the source is gone')
  })
})

describe('closing a producer', () => {
  it('leaves a connection of the caller open', async () => {
    const { redis, prefix } = keySpace()
    const producer = createProducer({ redis, prefix })
    await producer.enqueue('user_1')
    await producer.close()
    expect(await redis.ping()).toBe('PONG')
  })

  it('lets the program end by itself; one that never used it needs not even that', async () => {
    const { prefix } = keySpace()
    const program = `
      import { createProducer } from ${JSON.stringify(new URL('../../../jobs/index.ts', import.meta.url).href)}
      const options = { redis: ${JSON.stringify(inject('redisUrl'))}, prefix: ${JSON.stringify(prefix)} }
      createProducer(options)
      const producer = createProducer(options)
      console.log((await producer.enqueue('user_1')).result)
      await producer.close()
      await producer.close()`
    const folder = fileURLToPath(new URL('../../..', import.meta.url))
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let printed = ''
    child.stdout.on('data', piece => {
      printed += String(piece)
    })
    const [code] = await once(child, 'close')
    expect({ code, printed }).toEqual({ code: 0, printed: 'accepted\n' })
    expect(await keySpace().redis.exists(`${keysOf(prefix).queue}meta`)).toBe(1)
  })
})
