import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseProgress } from '../../../worker/attempt/progress.ts'
import { firstProbeAfterMs, nextProbeAfterMs } from '../../../worker/halt/prober.ts'
import { fullJitterMs } from '../../../worker/vendor/backoff.ts'

describe('fullJitterMs', () => {
  it('stays between one millisecond and the cap, however many tries', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        (tries, random) => {
          const waitMs = fullJitterMs(tries, { baseMs: 1000, capMs: 600_000 }, () => random)
          expect(waitMs).toBeGreaterThanOrEqual(1)
          expect(waitMs).toBeLessThanOrEqual(600_000)
        },
      ),
    )
  })

  it('doubles the span with each try', () => {
    const spans = [1, 2, 3, 4].map(tries => fullJitterMs(tries, { baseMs: 1000, capMs: 600_000 }, () => 0.5))
    expect(spans).toEqual([500, 1000, 2000, 4000])
  })
})

describe('the pause between probes', () => {
  it('is 5 s for the first two minutes and never more than 5 min', () => {
    expect(nextProbeAfterMs('70009', 0)).toBe(5000)
    expect(nextProbeAfterMs('70009', 120_000)).toBe(5000)
    expect(nextProbeAfterMs('70009', 24 * 3600_000)).toBe(300_000)
  })

  it('is longer for codes that get worse by asking', () => {
    expect(firstProbeAfterMs('70050')).toBe(60_000)
    expect(nextProbeAfterMs('60020', 0)).toBe(300_000)
  })
})

describe('parseProgress', () => {
  it('takes anything that is no progress of ours for none', () => {
    const none = { calls: 0, conflicts: 0, deleted: false, notEmpty: 0, unread: 0, attemptsWithOddCode: 0 }
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.constant({ calls: -1 })), value => {
        const progress = parseProgress(value)
        expect(Object.keys(progress).sort()).toEqual(Object.keys(none).sort())
      }),
    )
    expect(parseProgress(0)).toEqual(none)
    expect(parseProgress({ calls: 3, deleted: true })).toEqual({ ...none, calls: 3, deleted: true })
  })
})
