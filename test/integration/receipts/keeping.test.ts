import { Redis } from 'ioredis'
import { beforeEach, describe, expect, it } from 'vitest'
import { createProducer } from '../../../jobs/enqueue/producer.ts'
import { acknowledge } from '../../../jobs/receipts/keep/acknowledge.ts'
import { ReceiptKeeper } from '../../../jobs/receipts/keep/receipt-keeper.ts'
import { requireOwnLog } from '../../../jobs/receipts/keep/require-own-log.ts'
import { trimLog } from '../../../jobs/receipts/keep/trim-log.ts'
import { parseHead } from '../../../jobs/receipts/log/head.ts'
import { writeEntry } from '../../../jobs/receipts/write-entry.ts'
import { keysOf } from '../../../redis/keys.ts'
import { startTcpProxy } from '../../helpers/network/tcp-proxy.ts'
import { exportedLines, findingsIn } from '../../helpers/receipts/receipts.ts'
import { testRedis } from '../../helpers/redis/redis.ts'
import { jobsKeySpace } from '../jobs/key-space.ts'
import { APP, logForTest, readStream, serverThat, writeStream } from './log-for-test.ts'

const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

const openLog = async () => {
  const { redis, prefix } = keySpace()
  const log = logForTest(redis, prefix)
  await log.bind()
  return { redis, prefix, ...log }
}

/** Takes turns until the keeper has looked at a fault twice. */
async function keepAgain(keeper: ReceiptKeeper) {
  const clock = performance.now.bind(performance)
  await keeper.keep(true)
  performance.now = () => clock() + 20_000
  try {
    return await keeper.keep(true)
  } finally {
    performance.now = clock
  }
}

describe('the keeper', () => {
  it('signs a head over all that is there, and another one over what came since', async () => {
    const { write, keeper } = await openLog()
    const one = keeper()
    await write(30)
    const first = await one.keep(true)
    expect(first.kind === 'kept' && parseHead(first.note)).toMatchObject({ size: 30 })
    expect(await one.keep(true)).toEqual({ kind: 'nothing_new' })
    await write(5)
    const second = await one.keep(true)
    expect(second.kind === 'kept' && parseHead(second.note)).toMatchObject({
      size: 35,
      origin: expect.stringMatching(new RegExp(`^clear-friends/${APP}/[\\w-]{11}$`)),
    })
  })

  it('of one process goes on where another one’s was', async () => {
    const { write, keeper, redis, prefix } = await openLog()
    const [one, other] = [keeper(), keeper()]
    for (const each of [one, other, one, other]) {
      await write(7)
      expect(await each.keep(true)).toMatchObject({ kind: 'kept' })
    }
    const { file, troubles } = await exportedLines({ redis, prefix })
    expect(troubles).toEqual([])
    expect(await findingsIn(file)).toEqual([])
  })

  it('signs nothing that a crash of Redis could still take back', async () => {
    const { redis, prefix, sealer, write } = await openLog()
    const hurried = new ReceiptKeeper({ redis: serverThat(redis, 'aof_enabled:1'), prefix, sealer, receiptDays: 400 })
    await write(5)
    expect(await hurried.keep()).toEqual({ kind: 'nothing_new' })
    expect(await hurried.keep()).toEqual({ kind: 'nothing_new' })
    expect(await hurried.keep(true)).toMatchObject({ kind: 'kept' })
  })

  it.each([
    ['an entry is removed', (all: Stream) => all.toSpliced(4, 1), 'entry 5 is missing'],
    ['the last entries are removed', (all: Stream) => all.slice(0, 15), 'entries from 16 on are gone'],
    ['two entries change places', swapped, 'is not signed|out of order|twice'],
    ['an entry gets another content', forged, 'is not signed with the key'],
    ['an entry is dated back', redated, 'another time than its sealer gave it'],
  ] as const)(
    'finds that %s, and signs nothing more until a person has taken note of it',
    async (_what, change, fault) => {
      const { redis, prefix, keys, write, keeper, seals } = await openLog()
      const own = keeper()
      await write(10)
      if (fault.includes('gone')) await write(10)
      await own.keep(true)
      // One after the other: what is under way at once may land in any order.
      for (let i = 0; i < 10 && !fault.includes('gone'); i++) await write(1)
      const shifted = fault.includes('gone') || fault.includes('5') ? 0 : 10
      const all = await readStream(redis, keys.receipts)
      await writeStream(redis, keys.receipts, [...all.slice(0, shifted), ...change(all.slice(shifted))])

      const found = await keepAgain(own)
      expect(found).toMatchObject({ kind: 'broken', fault: { what: expect.stringMatching(fault) } })
      expect(await redis.hexists(keys.receiptLog, 'broken')).toBe(1)
      const before = await exportedLines({ redis, prefix })
      expect(before.troubles.length).toBeGreaterThan(0)
      expect(await findingsIn(before.file)).not.toEqual([])

      expect(await acknowledge(redis, prefix, seals, 'a test did it')).toMatch(new RegExp(fault))
      await write(3)
      await own.keep(true)
      expect(await own.keep(true)).toMatchObject({ kind: expect.stringMatching('kept|nothing_new') })
      expect(await redis.hexists(keys.receiptLog, 'broken')).toBe(0)
      const after = await exportedLines({ redis, prefix })
      expect(after.troubles).toEqual([])
      expect(await findingsIn(after.file)).toEqual([])
    },
  )

  it('finds an entry that was filtered out before it was in any head', async () => {
    const { redis, keys, write, keeper } = await openLog()
    const own = keeper()
    await write(3)
    const all = await readStream(redis, keys.receipts)
    await redis.xdel(keys.receipts, all[1]?.[0] ?? '')
    await redis.hset(keys.receiptLog, 'seq', '3')
    await write(3)
    expect(await keepAgain(own)).toMatchObject({ kind: 'broken', fault: { what: 'entry 2 is missing' } })
  })

  it('finds a hole in a sealer’s numbers where the entries behind it were numbered anew', async () => {
    const { redis, keys, write, keeper } = await openLog()
    const own = keeper()
    await write(1)
    await write(1)
    await write(1)
    const all = await readStream(redis, keys.receipts)
    const without = all
      .toSpliced(1, 1)
      .map(([id, fields], index) => [`${index + 1}-${id.split('-')[1]}`, fields] as const)
    await writeStream(redis, keys.receipts, without)
    await redis.hset(keys.receiptLog, 'seq', '2')
    await write(1)
    expect(await keepAgain(own)).toMatchObject({
      kind: 'broken',
      fault: { what: expect.stringContaining('of sealer') },
    })
  })

  it('believes no state of its own that somebody else has written, and begins again', async () => {
    const { redis, keys, write, keeper } = await openLog()
    await write(10)
    await keeper().keep(true)
    await redis.hset(keys.receiptLog, 'state', 'x {"size":4}', 'head', 'no head')
    await write(2)
    expect(await keeper().keep(true)).toMatchObject({ kind: 'kept', note: expect.stringContaining('\n12\n') })
  })
})

describe('trimming', () => {
  it('takes away what a head as old covers, and the rest is proved as before', async () => {
    const { redis, prefix, keys, sealer, write, keeper } = await openLog()
    const own = keeper()
    await write(600)
    await own.keep(true)
    await write(600)
    await own.keep(true)
    const before = await exportedLines({ redis, prefix })
    expect(await trimLog(redis, prefix, sealer, Date.now() - 60_000)).toBeUndefined()
    expect(await trimLog(redis, prefix, sealer, Date.now() + 60_000)).toBe(1200)
    expect(await redis.xlen(keys.receipts)).toBe(1)
    await write(5)
    await keeper().keep(true)
    const after = await exportedLines({ redis, prefix })
    expect(after.troubles).toEqual([])
    expect(JSON.parse(after.file[0] ?? '')).toMatchObject({ kind: 'begin', after: 1200 })
    expect(await findingsIn([...before.file, ...after.file])).toEqual([])
  })

  it('believes no time in the stream', async () => {
    const { redis, prefix, keys, write, keeper } = await openLog()
    const own = keeper()
    await write(40)
    await own.keep(true)
    const all = await readStream(redis, keys.receipts)
    await writeStream(redis, keys.receipts, [['40-1', all[0]?.[1] ?? []]])
    await own.trim(Date.now())
    expect(await redis.xlen(keys.receipts)).toBe(1)
    expect(await keepAgain(own)).toMatchObject({ kind: 'broken' })
    expect((await exportedLines({ redis, prefix })).troubles.length).toBeGreaterThan(0)
  })
})

type Stream = [string, Buffer[]][]

function swapped(all: Stream): Stream {
  const [one, other] = [all[2], all[8]]
  if (one === undefined || other === undefined) return all
  return all.with(2, [one[0], other[1]]).with(8, [other[0], one[1]])
}

function forged(all: Stream): Stream {
  return all.map(([id, fields], index) => {
    const text = fields[1]?.toString().replace('"cleared"', '"cancelled"') ?? ''
    return [id, index === 3 ? fields.with(1, Buffer.from(text)) : fields]
  })
}

function redated(all: Stream): Stream {
  return all.map(([id, fields], index) => [index === 3 ? `${id.split('-')[0]}-1700000000000` : id, fields])
}

describe('the first worker', () => {
  it('takes a log for its own in which a producer that names its app has written before', async () => {
    const { redis, prefix } = keySpace()
    const log = logForTest(redis, prefix)
    const producer = createProducer({ redis, prefix, app: APP, seals: log.seals })
    await producer.enqueue('user_1')
    await producer.close()
    await expect(requireOwnLog(redis, prefix, log.seals)).resolves.toBeUndefined()
    await log.bind()
    await log.settle(['user_1'], [])
    expect(await log.keeper().keep(true)).toMatchObject({ kind: 'kept' })
    const { file, troubles } = await exportedLines({ redis, prefix })
    expect({ troubles, findings: await findingsIn(file) }).toEqual({ troubles: [], findings: [] })
  })
})

describe('workers that start together', () => {
  it('take what one of them has signed for its app for their own, although Redis has lost the app', async () => {
    const { redis, prefix } = keySpace()
    const log = logForTest(redis, prefix)
    await log.settle(['user_1'], [])
    await expect(requireOwnLog(redis, prefix, log.seals, APP)).resolves.toBeUndefined()
    await expect(requireOwnLog(redis, prefix, log.seals, APP + 1)).rejects.toThrow('RECEIPT_KEY')
  })

  it('take the log for their own, also where the other one binds the fleet while they look', async () => {
    const { redis, prefix } = keySpace()
    const other = logForTest(redis, prefix)
    const racing = new Proxy(redis, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (name === 'xrevrange') {
          return async () => {
            await other.bind()
            await other.settle(['user_1'], ['ticket-1'])
            return target.xrevrange(other.keys.receipts, '+', '-', 'COUNT', 1)
          }
        }
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    await redis.set(other.keys.fleetId, 'f'.repeat(22))
    await expect(requireOwnLog(racing, prefix, other.seals)).resolves.toBeUndefined()
  })
})

describe('an entry that ends no job', () => {
  it('is written once, also where the driver sends it again because the answer was lost', async () => {
    const { redis, prefix, sealer, write, keeper } = await openLog()
    const proxy = await startTcpProxy(Number(new URL(testRedis().url).port))
    const other = new Redis(proxy.port, '127.0.0.1', { maxRetriesPerRequest: null, retryStrategy: () => 20 })
    try {
      const lost = proxy.loseReplyTo('ticket-7')
      const says = { request: 'ticket-7', count: 3, jobs: 3, due: '2026-12-24T00:00:00.000Z' }
      const [{ seq }] = await Promise.all([writeEntry(other, prefix, sealer, { kind: 'accepted', says }), lost])
      await write(2)
      expect(await redis.xlen(keysOf(prefix).receipts)).toBe(seq + 2)
      await keeper().keep(true)
      expect(await findingsIn((await exportedLines({ redis, prefix })).file)).toEqual([])
    } finally {
      other.disconnect()
      await proxy.stop()
    }
  })
})
