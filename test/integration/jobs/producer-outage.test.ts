import { inspect } from 'node:util'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createProducer, type Producer, type ProducerOptions } from '../../../jobs/enqueue/producer.ts'
import { type PrivateRedis, startPrivateRedis } from '../../../private-redis/private-redis.ts'
import { eventually } from '../../helpers/eventually.ts'
import { startTcpProxy } from '../../helpers/network/tcp-proxy.ts'
import { accounts, waitingAccounts } from './key-space.ts'

let server: PrivateRedis
let admin: Redis
let opened: Producer[] = []
const prefix = '{outage}'

beforeAll(async () => {
  server = await startPrivateRedis({ appendFsync: 'always' })
  admin = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 })
  admin.on('error', () => {})
})
beforeEach(async () => {
  await admin.flushall()
})
afterEach(async () => {
  await Promise.all(opened.map(producer => producer.close()))
  opened = []
})
afterAll(async () => {
  admin.disconnect()
  await server.stop()
})

const open = (options: Partial<ProducerOptions> = {}): Producer => {
  const producer = createProducer({ redis: server.url, prefix, ...options })
  opened.push(producer)
  return producer
}

/** Asserts that every account has one job, and that there are no other jobs. */
async function expectQueued(expected: readonly string[]): Promise<void> {
  expect((await waitingAccounts({ redis: admin, prefix })).toSorted()).toEqual(expected.toSorted())
}

describe('while Redis is away', () => {
  it('a producer that was connected fails instead of waiting, and works again when Redis is back', async () => {
    const producer = open()
    await producer.enqueue('user_1')
    await server.kill()
    await expect(producer.enqueue('user_secret')).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' })
    const error: unknown = await producer.enqueue('user_secret').catch((caught: unknown) => caught)
    expect(inspect(error, { depth: 9 })).not.toContain('user_secret')
    await server.restart()
    await eventually('the producer to work again', () =>
      producer.enqueue('user_2').then(
        () => true,
        () => false,
      ),
    )
    expect((await producer.enqueue('user_1')).result).toBe('duplicate')
    await expectQueued(['user_1', 'user_2'])
  })
})

describe('a batch that fails in the middle', () => {
  it('is sent again without doubles when Redis crashes under an import', async () => {
    const all = accounts(3500)
    async function* source(): AsyncGenerator<string> {
      for (const [index, account] of all.entries()) {
        // The producer then sends the batch in hand to a server that is gone.
        if (index === 1500) await server.kill()
        yield account
      }
    }
    const importing = open().enqueueMany(source())
    await eventually('the server to be gone', async () => admin.status !== 'ready')
    await server.restart()
    expect(await importing).toEqual({ entries: 3500, accepted: 3500, duplicate: 0, strengthened: 0, rejected: 0 })
    await expectQueued(all)
  })

  it('counts each account once when the jobs arrived and only the answer was lost', async () => {
    const proxy = await startTcpProxy(server.port)
    try {
      const producer = open({ redis: `redis://127.0.0.1:${proxy.port}` })
      await producer.enqueue('user_7')
      const lost = proxy.loseReplyTo('user_1500')
      const manifest = await producer.enqueueMany(accounts(2000))
      await lost
      expect(manifest).toEqual({ entries: 2000, accepted: 1999, duplicate: 1, strengthened: 0, rejected: 0 })
      await expectQueued(accounts(2000))
    } finally {
      await proxy.stop()
    }
  })

  it('is sent again when memory ran out half-way, and each job is there once', async () => {
    const jobs = (): Promise<number> => admin.zcard(`${prefix}:clear-friends:prioritized`)
    let limit = Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1]) + 100_000
    await admin.config('SET', 'maxmemory', String(limit))
    const importing = open().enqueueMany(accounts(2000))
    await eventually('the first jobs of a batch to find room', async () => {
      if ((await jobs()) > 0) return true
      limit += 20_000
      await admin.config('SET', 'maxmemory', String(limit))
      return false
    })
    const before = await jobs()
    await admin.config('SET', 'maxmemory', '0')
    expect(await importing).toEqual({ entries: 2000, accepted: 2000, duplicate: 0, strengthened: 0, rejected: 0 })
    expect(before).toBeLessThan(1000)
    await expectQueued(accounts(2000))
  })

  it('is given up at a signal, and the error says how many entries from the start are safe', async () => {
    const stop = new AbortController()
    async function* source(): AsyncGenerator<string> {
      yield ''
      yield* accounts(1200)
      await server.kill()
      stop.abort()
      yield 'user_last'
    }
    const importing = open().enqueueMany(source(), { signal: stop.signal })
    await expect(importing).rejects.toMatchObject({
      name: 'EnqueueInterruptedError',
      code: 'ENQUEUE_INTERRUPTED',
      entriesDone: 1001,
      message: expect.stringMatching(/^Enqueueing stopped after 1001 entries: Redis cannot be used/),
    })
    await server.restart()
    await expectQueued(accounts(1000))
  })
})

describe('an error of Redis', () => {
  it('does not carry the user id on, not even in its cause', async () => {
    const producer = open()
    await producer.enqueue('user_1')
    await admin.config('SET', 'maxmemory', '1')
    const error: unknown = await producer.enqueue('user_secret').catch((caught: unknown) => caught)
    await admin.config('SET', 'maxmemory', '0')
    expect(error).toMatchObject({ code: 'REDIS_UNAVAILABLE', message: expect.stringContaining('OOM') })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('user_secret')
  })
})
