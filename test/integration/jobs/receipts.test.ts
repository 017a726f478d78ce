import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { Checkpoints } from '../../../jobs/receipts/checkpoints.ts'
import { ReceiptKeeper } from '../../../jobs/receipts/receipt-keeper.ts'
import { createReceiptSeals } from '../../../jobs/receipts/receipt-seals.ts'
import { keysOf } from '../../../redis/keys.ts'
import { exportedLines, findingsIn, testSeals, writeReceipts } from '../../helpers/receipts/receipts.ts'
import { jobsKeySpace } from './key-space.ts'

const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

const DAY_MS = 86_400_000
const keeper = (receiptDays = 400) => {
  const { redis, prefix } = keySpace()
  return new ReceiptKeeper({ redis, prefix, seals: testSeals, receiptDays })
}
const write = (count: number) => writeReceipts(keySpace().redis, keySpace().prefix, count)
const exported = (options = {}) => exportedLines({ redis: keySpace().redis, prefix: keySpace().prefix, ...options })
const keys = () => keysOf(keySpace().prefix)
const seqsOf = (lines: readonly string[]): number[] => lines.map(line => JSON.parse(line).seq)
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** Replaces an entry of the stream, as any client of Redis can. */
async function rewrite(seq: number, change: (fields: string[]) => string[], id?: string): Promise<void> {
  const { redis } = keySpace()
  const all = await redis.xrange(keys().receipts, '-', '+')
  await redis.del(keys().receipts)
  for (const [oldId, fields] of all) {
    const isIt = oldId.startsWith(`${seq}-`)
    await redis.xadd(keys().receipts, isIt && id !== undefined ? id : oldId, ...(isIt ? change(fields) : fields))
  }
}

describe('exporting receipts', () => {
  it('gives one line for each, which hold', async () => {
    await write(1200)
    const { lines, troubles } = await exported()
    expect(troubles).toEqual([])
    expect(seqsOf(lines)).toEqual(numbers(1, 1200))
    expect(Object.keys(JSON.parse(lines[0] ?? ''))).toEqual([
      'v',
      'seq',
      'at',
      'app',
      'account',
      'requests',
      'outcome',
      'verified',
      'code',
      'calls',
      'attempts',
      'enqueuedAt',
      'seal',
    ])
    expect(await findingsIn(lines)).toEqual([])
  })

  it('goes on where it was interrupted, and both parts hold together', async () => {
    await write(30)
    const first = (await exported()).lines.slice(0, 12)
    await write(5)
    const rest = (await exported({ after: 12 })).lines
    expect(seqsOf(rest)).toEqual(numbers(13, 35))
    expect(await findingsIn([...first, ...rest])).toEqual([])
  })

  it('picks those of a request, or from a time on, and they hold', async () => {
    await write(10)
    const at = Date.now() + 50
    while (Date.now() < at) await keySpace().redis.ping()
    await write(5)
    const ofRequest = (await exported({ request: 'ticket-1' })).lines
    expect(seqsOf(ofRequest)).toEqual([3, 6, 9, 12, 15])
    expect(await findingsIn(ofRequest)).toEqual([])
    const recent = (await exported({ sinceMs: at })).lines
    expect(seqsOf(recent)).toEqual(numbers(11, 15))
    expect(await findingsIn(recent)).toEqual([])
  })

  it('of nothing gives nothing', async () => {
    expect(await exported()).toEqual({ lines: [], troubles: [] })
    await write(3)
    expect(await exported({ after: 3 })).toEqual({ lines: [], troubles: [] })
    expect(await exported({ request: 'ticket-none' })).toEqual({ lines: [], troubles: [] })
  })

  it('with another key is refused', async () => {
    await write(3)
    const { redis, prefix } = keySpace()
    await new Checkpoints(redis, prefix, testSeals).useKey()
    const other = new Checkpoints(redis, prefix, createReceiptSeals('another made-up key, of other tests'))
    await expect(other.requireKey()).rejects.toThrow('RECEIPT_KEY is not the key')
  })
})

describe('receipts that were changed in Redis', () => {
  it('are left unsealed one by one where only their content was changed', async () => {
    await write(20)
    await keeper().makeCheckpoint()
    await rewrite(7, fields => fields.map(value => value.replace('cleared', 'cancelled')))
    const { lines, troubles } = await exported()
    expect(troubles).toEqual(['receipt 7 is not sealed: the content was changed in Redis'])
    expect(await findingsIn(lines)).toEqual(['unproved 7 (7)'])
  })

  it('are reported where they were taken out, and all receipts between the two checkpoints lose their proof', async () => {
    await write(10)
    const kept = keeper()
    await kept.makeCheckpoint()
    await write(600)
    await kept.makeCheckpoint()
    await write(10)
    await kept.makeCheckpoint()
    await keySpace().redis.xdel(
      keys().receipts,
      (await keySpace().redis.xrange(keys().receipts, 615, 615))[0]?.[0] ?? '',
    )
    const { lines, troubles } = await exported()
    expect(troubles[0]).toBe('receipt 615 is missing from Redis')
    const findings = await findingsIn(lines)
    expect(findings.join()).toMatch(/removed \d+ \(615\)/)
    expect(findings.filter(finding => finding.startsWith('unproved')).length).toBeLessThan(120)
  })

  it('lose their proof where a time was changed, though each content is genuine', async () => {
    await write(20)
    await keeper().makeCheckpoint()
    await rewrite(7, fields => fields, '7-1')
    const { troubles } = await exported()
    expect(troubles).toEqual(['receipts 1 to 20 are not sealed: their order, number or times were changed in Redis'])
  })

  it('at random, once a checkpoint covers them, are always reported', async () => {
    const { redis } = keySpace()
    await write(30)
    await keeper().makeCheckpoint()
    const all = await redis.xrange(keys().receipts, '-', '+')
    const tampering = fc.record({
      index: fc.nat({ max: 29 }),
      how: fc.oneof(
        fc.constant({ kind: 'remove' as const }),
        // Names and values of content and seal.
        fc.record({ kind: fc.constant('field' as const), field: fc.nat({ max: 3 }), value: fc.string() }),
        fc.record({ kind: fc.constant('time' as const), at: fc.nat() }),
        fc.record({ kind: fc.constant('swap' as const), other: fc.nat({ max: 29 }) }),
      ),
    })
    type How = typeof tampering extends fc.Arbitrary<infer T> ? T : never
    const tamper = ({ index, how }: How): [string, string[]][] => {
      const [id = '', fields = []] = all[index] ?? []
      switch (how.kind) {
        case 'remove':
          return all.toSpliced(index, 1)
        case 'field':
          return all.with(index, [id, fields.with(how.field, how.value)])
        case 'time':
          return all.with(index, [`${id.split('-')[0]}-${how.at}`, fields])
        case 'swap': {
          const [otherId = '', otherFields = []] = all[how.other] ?? []
          return all.with(index, [id, otherFields]).with(how.other, [otherId, fields])
        }
        default:
          return how satisfies never
      }
    }
    await fc.assert(
      fc.asyncProperty(tampering, async how => {
        const tampered = tamper(how)
        fc.pre(JSON.stringify(tampered) !== JSON.stringify(all))
        await redis.del(keys().receipts)
        for (const [id, fields] of tampered) await redis.xadd(keys().receipts, id, ...fields)
        const { lines, troubles } = await exported()
        expect(troubles).not.toEqual([])
        expect(await findingsIn(lines)).not.toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  it('before a checkpoint could be made are noticed when it is', async () => {
    await write(5)
    const kept = keeper()
    expect(await kept.makeCheckpoint()).toBe('good')
    await write(5)
    await rewrite(8, fields => fields.map(value => value.replace('cleared', 'cancelled')))
    expect(await kept.makeCheckpoint()).toBe('broken')
    await write(5)
    expect(await kept.makeCheckpoint()).toBe('good')
    const findings = await findingsIn((await exported()).lines)
    expect(findings).toEqual([6, 7, 8, 9, 10].map(seq => `unproved ${seq} (${seq})`))
  })

  it('are noticed when they were taken away with all checkpoints while a worker runs', async () => {
    await write(5)
    const kept = keeper()
    await kept.makeCheckpoint()
    await keySpace().empty()
    await write(2)
    expect(await kept.makeCheckpoint()).toBe('broken')
    expect(await kept.makeCheckpoint()).toBe('good')
  })
})

describe('keeping receipts', () => {
  it('makes no checkpoint where nothing is new, and few in the long run', async () => {
    const kept = keeper()
    expect(await kept.makeCheckpoint()).toBe('nothing_new')
    for (let round = 0; round < 12; round++) {
      await write(100)
      expect(await kept.makeCheckpoint()).toBe('good')
    }
    expect(await kept.makeCheckpoint()).toBe('nothing_new')
    expect(await keySpace().redis.zcard(keys().receiptCheckpoints)).toBeLessThanOrEqual(4)
  })

  it('by many at once comes to the same', async () => {
    await write(700)
    const made = await Promise.all([keeper(), keeper(), keeper()].map(each => each.makeCheckpoint()))
    expect(made).not.toContain('broken')
    await write(10)
    expect(await findingsIn((await exported()).lines)).toEqual([])
  })

  it('carry the time of now again after the clock of Redis was ahead, and hold', async () => {
    const { redis } = keySpace()
    await redis.hset(keys().receiptChain, 'at', Date.now() + 3_600_000)
    await write(3)
    const [entry] = await redis.xrange(keys().receipts, '3', '3')
    expect(Math.abs(Number(entry?.[0].split('-')[1]) - Date.now())).toBeLessThan(60_000)
    const { lines, troubles } = await exported()
    expect(troubles).toEqual([])
    expect(await findingsIn(lines)).toEqual([])
  })

  it('are kept while an older one is dated young, and no young one goes with those dated old', async () => {
    const { redis } = keySpace()
    await write(6)
    const at = (await redis.xrange(keys().receipts, '-', '+')).map(([id]) => Number(id.split('-')[1]))
    const all = await redis.xrange(keys().receipts, '-', '+')
    await redis.del(keys().receipts)
    // The clock was a month behind while the fourth and fifth were written.
    for (const [index, [, fields]] of all.entries()) {
      const shift = index === 3 || index === 4 ? 30 * DAY_MS : 0
      await redis.xadd(keys().receipts, `${index + 1}-${(at[index] ?? 0) - shift}`, ...fields)
    }
    const kept = keeper(7)
    await kept.makeCheckpoint()
    await kept.trim(Date.now())
    expect(await redis.xlen(keys().receipts)).toBe(6)
  })

  it('trims what is older than it may be, and the rest still holds', async () => {
    await write(40)
    const kept = keeper(1)
    await kept.makeCheckpoint()
    const at = Date.now() + 50
    while (Date.now() < at) await keySpace().redis.ping()
    await write(10)
    await kept.makeCheckpoint()
    await kept.trim(at + DAY_MS)
    expect(await keySpace().redis.xlen(keys().receipts)).toBe(10)
    const { lines, troubles } = await exported()
    expect(troubles).toEqual([])
    expect(seqsOf(lines)).toEqual(numbers(41, 50))
    expect(await findingsIn(lines)).toEqual([])
    await kept.trim(Date.now() + 2 * DAY_MS)
    expect(await exported()).toEqual({ lines: [], troubles: [] })
    await write(1)
    expect(seqsOf((await exported()).lines)).toEqual([51])
  })
})

it('a receipt costs at most 300 bytes of Redis', async () => {
  const { redis } = keySpace()
  const count = 12_000
  const kept = keeper()
  for (let written = 0; written < count; written += 1000) {
    await write(1000)
    await kept.makeCheckpoint()
  }
  const bytesOf = async (key: string): Promise<number> => Number(await redis.memory('USAGE', key, 'SAMPLES', 0))
  const bytes = (
    await Promise.all([keys().receipts, keys().receiptCheckpoints, keys().receiptChain].map(bytesOf))
  ).reduce((sum, each) => sum + each, 0)
  expect(bytes / count).toBeLessThanOrEqual(300)
})
