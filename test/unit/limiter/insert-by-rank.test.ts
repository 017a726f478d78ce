import fc from 'fast-check'
import { expect, it } from 'vitest'
import { insertByRank } from '../../../limiter/insert-by-rank.ts'

it('a line is in the order of the ranks, and of the same rank in the order of arrival', () => {
  const property = fc.property(fc.array(fc.nat(5)), ranks => {
    const line: { rank: number; n: number }[] = []
    for (const [n, rank] of ranks.entries()) insertByRank(line, { rank, n })
    expect(line).toEqual(ranks.map((rank, n) => ({ rank, n })).toSorted((a, b) => a.rank - b.rank || a.n - b.n))
  })
  fc.assert(property)
})
