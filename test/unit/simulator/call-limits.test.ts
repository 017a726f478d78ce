import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCallLimit, type LimitAlgorithm, type LimitRule } from '../../../simulator/gateway/call-limits.ts'

const rule = (algorithm: LimitAlgorithm, change: Partial<LimitRule> = {}): LimitRule => ({
  perSecond: 10,
  algorithm,
  countRefused: false,
  burst: 10,
  ...change,
})

const arrivals = fc
  .array(fc.oneof(fc.constantFrom(0, 1, 100, 1000), fc.double({ min: 0, max: 400, noNaN: true })), { maxLength: 300 })
  .map(steps => {
    let at = 1_700_000_000_000
    return steps.map(step => {
      at += step
      return at
    })
  })

/** Stamps of the calls that were let through. */
function allowed(given: LimitRule, stamps: readonly number[]): number[] {
  const limit = createCallLimit(given)
  return stamps.filter(stamp => limit.take(stamp))
}

describe('a ceiling on calls', () => {
  test('aligned: no whole second of the clock lets more through than its ceiling, and none less than it could', () => {
    fc.assert(
      fc.property(arrivals, stamps => {
        const bySecond = Map.groupBy(stamps, stamp => Math.floor(stamp / 1000))
        const through = Map.groupBy(allowed(rule('aligned'), stamps), stamp => Math.floor(stamp / 1000))
        for (const [second, calls] of bySecond) {
          expect(through.get(second)?.length ?? 0).toBe(Math.min(10, calls.length))
        }
      }),
    )
  })

  test('sliding: lets a call through exactly when fewer than the ceiling were let through in the last 1,000 ms', () => {
    fc.assert(
      fc.property(arrivals, stamps => {
        const limit = createCallLimit(rule('sliding'))
        const through: number[] = []
        for (const stamp of stamps) {
          const isFree = through.filter(other => stamp - other < 1000).length < 10
          expect(limit.take(stamp)).toBe(isFree)
          if (isFree) through.push(stamp)
        }
      }),
    )
  })

  test('sliding with refused calls counted: lets a call through exactly when fewer than the ceiling arrived', () => {
    fc.assert(
      fc.property(arrivals, stamps => {
        const limit = createCallLimit(rule('sliding', { countRefused: true }))
        stamps.forEach((stamp, index) => {
          const before = stamps.slice(0, index).filter(other => stamp - other < 1000).length
          expect(limit.take(stamp)).toBe(before < 10)
        })
      }),
    )
  })

  test('bucket: no span lets more through than the bucket holds plus what flows in meanwhile', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 30 }), (stamps, burst) => {
        const through = allowed(rule('bucket', { burst }), stamps)
        through.forEach((from, first) => {
          through.slice(first).forEach((to, index) => {
            expect(index + 1).toBeLessThanOrEqual(burst + ((to - from) * 10) / 1000 + 1e-6)
          })
        })
      }),
    )
  })

  test.each<LimitAlgorithm>(['aligned', 'sliding', 'bucket'])(
    '%s: an even row just below the ceiling is never refused',
    algorithm => {
      const stamps = Array.from({ length: 500 }, (_, index) => 1_700_000_000_000 + index * 101)
      for (const countRefused of [false, true]) {
        expect(allowed(rule(algorithm, { countRefused, burst: 1 }), stamps)).toHaveLength(500)
      }
    },
  )

  test.each<[LimitAlgorithm, number, number]>([
    // Calls at twice the ceiling, evenly, for ten seconds: number let through when refusals are free, and when they
    // count.
    ['aligned', 100, 100],
    ['sliding', 100, 10],
    ['bucket', 109, 19],
  ])('%s: hammering at twice the ceiling gets %i calls through, %i when refusals count', (algorithm, free, counted) => {
    const stamps = Array.from({ length: 200 }, (_, index) => 1_700_000_000_000 + index * 50)
    expect(allowed(rule(algorithm), stamps)).toHaveLength(free)
    expect(allowed(rule(algorithm, { countRefused: true }), stamps)).toHaveLength(counted)
  })

  test.each<LimitAlgorithm>(['aligned', 'sliding', 'bucket'])(
    '%s: lets a client in again after it has paused',
    algorithm => {
      const limit = createCallLimit(rule(algorithm, { countRefused: true }))
      for (let index = 0; index < 100; index += 1) limit.take(1_700_000_000_000 + index)
      expect(limit.take(1_700_000_003_500)).toBe(true)
    },
  )

  test.each<LimitAlgorithm>(['aligned', 'sliding'])('%s: a ceiling of 0 refuses everything', algorithm => {
    expect(allowed(rule(algorithm, { perSecond: 0 }), [1, 2000, 4000])).toEqual([])
  })
})
