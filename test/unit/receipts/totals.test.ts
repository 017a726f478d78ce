import { describe, expect, it } from 'vitest'
import { TotalsCounter } from '../../../jobs/receipts/verify/totals.ts'

const cleared = (request: string) => ({
  ...({ account: null, requests: [request], outcome: 'cleared', verified: 'yes', code: null } as const),
  ...{ calls: 2, attempts: 1, enqueuedAt: '2026-11-27T00:00:00.000Z' },
})

describe('the totals of several exports', () => {
  it('count an entry once, whichever files hold it', () => {
    const totals = new TotalsCounter()
    for (const seq of [1, 3, 70_000, 3, 1]) totals.receipt(seq, cleared('a'))
    expect(totals.all()).toMatchObject({ cleared: 3 })
  })

  it('count the entries of one request that stand between those of another', () => {
    const totals = new TotalsCounter()
    for (const seq of [1, 3, 5]) totals.receipt(seq, cleared('a'))
    for (const seq of [2, 4]) totals.receipt(seq, cleared('b'))
    expect(totals.requests()).toMatchObject({ a: { cleared: 3 }, b: { cleared: 2 } })
  })
})
