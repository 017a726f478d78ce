import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FewValues, largest } from '../../../metrics/few-values.ts'
import { labelOfReason } from '../../../worker/vendor/classify.ts'

describe('few values', () => {
  it('never let more through than they may, and always the same ones', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.nat({ max: 20 }), (values, most) => {
        const few = new FewValues(most)
        const first = values.map(value => few.of(value))
        expect(new Set(first.filter(value => value !== 'other')).size).toBeLessThanOrEqual(most)
        expect(values.map(value => few.of(value))).toEqual(first)
      }),
    )
  })

  it('keep the largest counts, and the sum whatever is left out', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.nat()), fc.nat({ max: 20 }), (counts, most) => {
        const kept = largest(counts, most)
        const sum = (of: Readonly<Record<string, number>>): number => Object.values(of).reduce((all, n) => all + n, 0)
        expect(sum(kept)).toBe(sum(counts))
        expect(Object.keys(kept).length).toBeLessThanOrEqual(most + 1)
      }),
    )
  })
})

describe('the label of a reason', () => {
  it.each([
    ['30008', '30008'],
    ['61234', 'unlisted'],
    ['http_502', 'http_5xx'],
    ['http_404', 'http_4xx'],
    ['draining', 'draining'],
  ])('of %s is %s', (code, label) => {
    expect(labelOfReason(code)).toBe(label)
  })
})
