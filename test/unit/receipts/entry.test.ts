import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FINAL_OUTCOMES } from '../../../jobs/job/outcome.ts'
import {
  type LogEntry,
  parseLine,
  parseStoredText,
  type SealedEntry,
  toLeaf,
  toLine,
  toReceiptLeaf,
  toSignedText,
  toStoredText,
} from '../../../jobs/receipts/log/entry.ts'
import { testSeals } from '../../helpers/receipts/receipts.ts'

const log = { app: 1_400_000_000, fleet: 'AbCdEfGhIjk' }
const ms = fc.integer({ min: 0, max: 4_000_000_000_000 })
const count = fc.nat(1_000_000)
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytes => Buffer.from(bytes).toString('base64'))
const head = fc.option(fc.record({ size: count, root: hash }))
const iso = ms.map(each => new Date(each).toISOString())
const id = fc.uint8Array({ minLength: 8, maxLength: 8 }).map(bytes => Buffer.from(bytes).toString('base64url'))
const by = fc.record({
  ...{ sealer: id, n: fc.integer({ min: 1, max: 1e9 }), time: ms, open: fc.nat(300), unbound: fc.boolean() },
  void: fc.array(fc.integer({ min: 1, max: 1e9 }), { maxLength: 3 }),
})
const receipt = fc.record({
  kind: fc.constant('receipt' as const),
  says: fc.record({
    account: fc.option(fc.oneof(id, fc.string({ minLength: 1, maxLength: 22 }))),
    requests: fc.array(fc.string(), { maxLength: 3 }),
    outcome: fc.constantFrom(...FINAL_OUTCOMES),
    verified: fc.constantFrom('yes' as const, 'no' as const, 'skipped' as const),
    code: fc.option(fc.string()),
    ...{ calls: fc.integer({ min: 1, max: 99 }), attempts: count, enqueuedAt: iso },
  }),
})
const others = fc.oneof(
  fc.record({
    kind: fc.constant('accepted' as const),
    says: fc.record({ request: fc.option(fc.string()), count, jobs: count, due: iso }),
  }),
  fc.record({
    kind: fc.constant('lost' as const),
    says: fc.record({ numbers: fc.array(fc.tuple(count, count)), head }),
  }),
  fc.record({
    kind: fc.constant('acknowledged' as const),
    says: fc.record({ through: count, reason: fc.string(), head }),
  }),
  fc.record({ kind: fc.constant('trim' as const), says: fc.record({ through: count, root: hash }) }),
)
const sealed: fc.Arbitrary<SealedEntry> = fc.tuple(fc.oneof(receipt, others), by).map(([body, by]) => ({ ...body, by }))
const entries: fc.Arbitrary<LogEntry> = fc
  .tuple(sealed, fc.integer({ min: 1, max: 1e9 }), ms)
  .map(([entry, seq, at]) => ({ ...entry, seq, at, signature: 'A'.repeat(86) }))

describe('an entry of the log', () => {
  it('is read as it was written: in Redis, as a line, and as a leaf', () => {
    fc.assert(
      fc.property(entries, entry => {
        const { seq, at, signature, ...plain } = entry
        expect(parseStoredText(toStoredText(entry))).toEqual(plain)
        expect(parseLine(toLine(entry))).toEqual({ ...plain, seq, at, signature })
        expect(parseLine(toLeaf(entry))).toEqual({ ...plain, seq, at, signature: '' })
      }),
    )
  })

  it('has the same leaf when it is made the quick way', () => {
    fc.assert(
      fc.property(entries, entry => {
        const quick = toReceiptLeaf(entry.seq, entry.at, toStoredText(entry))
        const isPseudonym = entry.kind === 'receipt' && /^[\w-]*$/.test(entry.says.account ?? '')
        expect(quick).toBe(isPseudonym && !entry.by.unbound ? toLeaf(entry) : undefined)
      }),
    )
  })

  it('is refused in any other notation', () => {
    fc.assert(
      fc.property(entries, entry => {
        const line = toLine(entry)
        for (const other of [`${line} `, line.replace(',', ', '), line.replace('"v":2', '"v":2.0'), `${line},`]) {
          expect(parseLine(other)).toBeUndefined()
        }
      }),
    )
  })

  it('is signed with all that it says, for one log, and without number and time', () => {
    fc.assert(
      fc.property(sealed, entry => {
        const text = toSignedText(entry, log)
        const leaf = toLeaf({ ...entry, seq: 7, at: 0, signature: '' })
        const [purpose, origin, line] = [text.split('\n')[0], text.split('\n')[1], text.split('\n').slice(2).join('\n')]
        expect(purpose).toBe('clear-friends/receipt/v2')
        expect(origin).toBe(`clear-friends/${entry.by.unbound ? 0 : log.app}/${log.fleet}`)
        expect(line).toBe(leaf.replace('"seq":7,"at":"1970-01-01T00:00:00.000Z",', ''))
      }),
    )
  })

  it.each([
    ['cleared without a call', { calls: 0 }],
    ['an outcome that does not exist', { outcome: 'lost' }],
    ['a field more', { more: 1 }],
    ['a negative count', { attempts: -1 }],
  ])('does not say %s', (_what, change) => {
    const says = {
      account: 'A',
      requests: [],
      outcome: 'cleared',
      verified: 'yes',
      code: null,
      calls: 1,
      attempts: 1,
      enqueuedAt: '2026-11-27T13:00:00.000Z',
    }
    const line = (each: object) =>
      `{"v":2,"kind":"receipt","seq":1,"at":"2026-11-27T13:00:00.000Z",${JSON.stringify({ sealer: 'AbCdEfGhIjk', n: 1, time: 1, ...each }).slice(1)}`
    expect(parseLine(line(says))).toBeDefined()
    expect(parseLine(line({ ...says, ...change }))).toBeUndefined()
  })

  it('keeps a pseudonym, which without the key nobody can make', () => {
    expect(testSeals.pseudonymOf('user_1')).toMatch(/^[\w-]{22}$/)
    expect(testSeals.pseudonymOf('user_1')).not.toBe(testSeals.pseudonymOf('user_2'))
  })
})
