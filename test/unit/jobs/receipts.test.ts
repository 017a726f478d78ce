import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineSealer } from '../../../jobs/receipts/exported-line.ts'
import { longestRise } from '../../../jobs/receipts/longest-rise.ts'
import { createReceiptSeals } from '../../../jobs/receipts/receipt-seals.ts'
import { verifyReceipts } from '../../../jobs/receipts/verify-receipts.ts'
import { findingsIn, testSeals } from '../../helpers/receipts/receipts.ts'

interface Made {
  readonly seqs: readonly number[]
  readonly after?: number
  readonly through?: number
  readonly request?: string
  /** Numbers of receipts for which Redis held no proof. */
  readonly unproved?: readonly number[]
}

/** Makes the lines of an export. */
function exportOf({ seqs, after = 0, through = seqs.at(-1) ?? 0, request, unproved = [] }: Made): string[] {
  const sealer = new LineSealer(testSeals)
  return seqs.map((seq, index) =>
    sealer.seal(
      {
        v: 1,
        seq,
        at: new Date(1_795_000_000_000 + seq).toISOString(),
        app: 1_400_000_000,
        account: testSeals.pseudonymOf(`user_${seq}`),
        requests: request === undefined ? [] : [request],
        outcome: 'cleared',
        verified: 'yes',
        code: null,
        calls: 2,
        attempts: 1,
        enqueuedAt: new Date(1_794_000_000_000 + seq).toISOString(),
      },
      !unproved.includes(seq),
      {
        ...(index === 0 ? { begin: { after, since: null, request: request ?? null } } : {}),
        ...(index === seqs.length - 1 ? { end: { through } } : {}),
      },
    ),
  )
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)
const ten = exportOf({ seqs: numbers(1, 10) })
const ofRequest = exportOf({ seqs: [3, 6, 9, 12, 15], through: 17, request: 'ticket-1' })
const edit = (line: string | undefined, change: Record<string, unknown>): string =>
  JSON.stringify({ ...JSON.parse(line ?? ''), ...change })
const moved = <T>(list: readonly T[], from: number, to: number): T[] => {
  const rest = list.toSpliced(from, 1)
  return rest.toSpliced(to, 0, ...list.slice(from, from + 1))
}

describe('verifying an export of everything', () => {
  it('finds nothing wrong with what was exported', async () => {
    const verification = await verifyReceipts(ten, testSeals)
    expect(verification).toMatchObject({ lines: 10, genuine: 10, findings: [] })
    expect(verification.exports).toEqual([{ after: 0, since: null, request: null, through: 10 }])
  })

  it.each([
    ['an outcome', 4, { outcome: 'dead_lettered' }],
    ['a time', 4, { at: '2027-01-01T00:00:00.000Z' }],
    ['a number', 4, { seq: 99 }],
    ['the first line', 0, { verified: 'no' }],
    ['the last line', 9, { calls: 7 }],
    ['a seal', 4, { seal: 'made.up' }],
    ['to something that is no receipt', 4, { outcome: 'lost' }],
  ])('finds the line where %s was changed, and no other', async (_what, index, change) => {
    const findings = await findingsIn(ten.with(index, edit(ten[index], change)))
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatch(new RegExp(`^changed ${index + 1}\\b`))
  })

  it('finds what was removed, wherever it stood', async () => {
    expect(await findingsIn(ten.toSpliced(4, 1))).toEqual(['removed 5 (5)'])
    expect(await findingsIn(ten.toSpliced(4, 3))).toEqual(['removed 5 (5)'])
    expect(await findingsIn(ten.slice(1))).toEqual(['removed 1'])
    expect(await findingsIn(ten.slice(0, 7))).toEqual(['cut_off 7'])
    const { findings } = await verifyReceipts(ten.toSpliced(4, 3), testSeals)
    expect(findings[0]?.text).toBe('before line 5: receipts 5 to 7 were removed')
  })

  it('finds a file that ends in the middle of a line', async () => {
    expect(await findingsIn([...ten.slice(0, 6), ten[6]?.slice(0, 40) ?? ''])).toEqual(['cut_off 7'])
  })

  it('finds what was put in: copies, forgeries, lines that are no receipts', async () => {
    expect(await findingsIn(ten.toSpliced(7, 0, ten[2] ?? ''))).toEqual(['inserted 8 (3)'])
    expect(await findingsIn(ten.toSpliced(7, 0, edit(ten[2], { seq: 8 })))).toEqual(['inserted 8 (8)'])
    expect(await findingsIn(ten.toSpliced(7, 0, 'hello'))).toEqual(['inserted 8'])
    expect(await findingsIn([...ten, edit(ten[2], { seq: 11 })])).toEqual(['inserted 11 (11)'])
  })

  it('takes another notation of a receipt for none: names in another order, a name twice, spaces', async () => {
    const [line = ''] = ten.slice(2)
    const reordered = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line)).toReversed()))
    const twice = line.replace('"calls":2', '"calls":1,"calls":2')
    for (const other of [reordered, twice, line.replace('{', '{ ')]) {
      expect(JSON.parse(other)).toEqual(JSON.parse(line))
      expect(await findingsIn(ten.with(2, other))).not.toEqual([])
    }
  })

  it('finds the one line that was moved, and no other', async () => {
    expect(await findingsIn(moved(ten, 1, 8))).toEqual(['moved 9 (2)'])
    expect(await findingsIn(moved(ten, 8, 1))).toEqual(['moved 2 (9)'])
    expect(await findingsIn(moved(ten, 0, 5))).toEqual(['moved 6 (1)'])
    expect(await findingsIn(moved(ten, 9, 3))).toEqual(['moved 4 (10)'])
  })

  it('says of what was not proved in Redis that it is not', async () => {
    expect(await findingsIn(exportOf({ seqs: numbers(1, 6), unproved: [3, 4] }))).toEqual([
      'unproved 3 (3)',
      'unproved 4 (4)',
    ])
  })

  it('tells what had been removed before the export', async () => {
    expect(await findingsIn(exportOf({ seqs: [1, 2, 5, 6], through: 8 }))).toEqual(['removed 3 (3)', 'removed 5 (7)'])
  })

  it('sees through every attempt to pass a receipt under another key', async () => {
    const other = createReceiptSeals('another made-up key, of other tests')
    const { genuine, findings } = await verifyReceipts(ten, other)
    expect(genuine).toBe(0)
    expect(findings.length).toBeGreaterThanOrEqual(10)
  })
})

describe('verifying an export in several goes', () => {
  it('takes a part that goes on where an interrupted one ended', async () => {
    const lines = [...ten.slice(0, 4), ...exportOf({ seqs: numbers(5, 10), after: 4 })]
    expect(await findingsIn(lines)).toEqual([])
  })

  it('finds what is missing where two parts meet', async () => {
    const second = exportOf({ seqs: numbers(5, 10), after: 4 })
    expect(await findingsIn([...ten.slice(0, 3), ...second])).toEqual(['cut_off 4'])
    const whole = exportOf({ seqs: numbers(1, 3) })
    expect(await findingsIn([...whole, ...second])).toEqual(['not_covered 4'])
  })
})

describe('verifying an export of one request', () => {
  it('finds nothing wrong with what was exported', async () => {
    expect(await findingsIn(ofRequest)).toEqual([])
  })

  it('finds between which lines something was removed, though numbers have gaps there', async () => {
    expect(await findingsIn(ofRequest.toSpliced(2, 1))).toEqual(['removed 3'])
    expect(await findingsIn(ofRequest.slice(0, 3))).toEqual(['cut_off 3'])
    expect(await findingsIn(ofRequest.slice(2))).toEqual(['removed 1'])
  })

  it('finds what was changed, put in or moved', async () => {
    expect(await findingsIn(ofRequest.with(2, edit(ofRequest[2], { outcome: 'cancelled' })))).toEqual(['changed 3 (9)'])
    expect(await findingsIn(ofRequest.toSpliced(2, 0, edit(ofRequest[2], { seq: 8 })))).toEqual(['inserted 3 (8)'])
    expect(await findingsIn(moved(ofRequest, 1, 3))).toEqual(['moved 4 (6)'])
  })
})

describe('tampering at random', () => {
  const index = fc.nat({ max: 9 })
  const field = fc.constantFrom(
    'seq',
    'at',
    'account',
    'requests',
    'outcome',
    'verified',
    'code',
    'calls',
    'attempts',
    'seal',
  )
  const tampering = fc.oneof(
    fc.record({ kind: fc.constant('change' as const), index, field, value: fc.oneof(fc.string(), fc.nat()) }),
    fc.record({ kind: fc.constant('remove' as const), index }),
    fc.record({ kind: fc.constant('copy' as const), index, to: index }),
    fc.record({ kind: fc.constant('move' as const), index, to: index }),
    fc.record({ kind: fc.constant('cut' as const), index: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant('byte' as const), index, at: fc.nat(), byte: fc.integer({ min: 33, max: 126 }) }),
  )
  type Tampering = typeof tampering extends fc.Arbitrary<infer T> ? T : never

  function tamper(lines: readonly string[], how: Tampering): string[] {
    const line = lines[how.index] ?? ''
    switch (how.kind) {
      case 'change':
        return lines.with(how.index, edit(line, { [how.field]: how.value }))
      case 'remove':
        return lines.toSpliced(how.index, 1)
      case 'copy':
        return lines.toSpliced(how.to, 0, line)
      case 'move':
        return moved(lines, how.index, how.to)
      case 'cut':
        return lines.slice(0, how.index)
      case 'byte': {
        const at = how.at % line.length
        return lines.with(how.index, line.slice(0, at) + String.fromCharCode(how.byte) + line.slice(at + 1))
      }
      default:
        return how satisfies never
    }
  }
  const content = (lines: readonly string[]): string => lines.map(line => JSON.stringify(parse(line))).join('\n')
  const parse = (line: string): unknown => {
    try {
      return JSON.parse(line)
    } catch {
      return line
    }
  }

  it.each([
    ['seq', 4],
    ['at', '2026-11-19T00:00:00.000Z'],
    ['app', 1_400_000_001],
    ['account', testSeals.pseudonymOf('user_4')],
    ['requests', ['ticket-2']],
    ['outcome', 'not_imported'],
    ['verified', 'no'],
    ['code', '30001'],
    ['calls', 3],
    ['attempts', 2],
    ['enqueuedAt', '2026-11-19T00:00:00.000Z'],
  ])('is found where it changes only the field %s', async (field, value) => {
    const line = JSON.stringify({ ...JSON.parse(ten[2] ?? ''), [field]: value })
    expect(await findingsIn(ten.with(2, line))).not.toEqual([])
  })

  it.each([
    ['everything', ten],
    ['one request', exportOf({ seqs: numbers(1, 10).map(n => 3 * n), through: 40, request: 'ticket-1' })],
  ])('is always found in an export of %s', async (_what, lines) => {
    await fc.assert(
      fc.asyncProperty(tampering, async how => {
        const tampered = tamper(lines, how)
        fc.pre(content(tampered) !== content(lines))
        expect(await findingsIn(tampered)).not.toEqual([])
      }),
      { numRuns: 600 },
    )
  })
})

describe('the longest rise', () => {
  it('leaves out as few as possible', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 12 }), { maxLength: 9 }), list => {
        const kept = list.filter((_, index) => longestRise(list)[index])
        expect(kept).toEqual(kept.toSorted((a, b) => a - b))
        expect(new Set(kept).size).toBe(kept.length)
        expect(kept.length).toBe(longestByTrial(list))
      }),
    )
  })

  function longestByTrial(list: readonly number[]): number {
    const best: number[] = []
    for (const [index, number] of list.entries()) {
      best[index] = 1 + Math.max(0, ...best.slice(0, index).filter((_, before) => (list[before] ?? 0) < number))
    }
    return Math.max(0, ...best)
  }
})
