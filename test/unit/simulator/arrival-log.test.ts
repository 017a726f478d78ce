import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ArrivalLog } from '../../../simulator/figures/arrival-log.ts'

/** Counts every window anew, which is slow but obviously right. */
const worstOf = (stamps: readonly number[], spanMs: number): number =>
  stamps.reduce(
    (worst, from) => Math.max(worst, stamps.filter(stamp => stamp >= from && stamp - from < spanMs).length),
    0,
  )

/** Gaps between arrivals that make bursts, even rows and long pauses, with many exact seconds among them. */
const gaps = fc.array(fc.oneof(fc.constantFrom(0, 5, 100, 500, 1000), fc.double({ min: 0, max: 1500, noNaN: true })), {
  minLength: 1,
  maxLength: 200,
})

function toStamps(steps: readonly number[]): number[] {
  let at = 1_700_000_000_000
  return steps.map(step => {
    at += step
    return at
  })
}

describe('the log of arrivals', () => {
  test('finds the same worst second and worst 100 ms as a naive recount', () => {
    fc.assert(
      fc.property(gaps, steps => {
        const stamps = toStamps(steps)
        const log = new ArrivalLog()
        for (const stamp of stamps) log.record(stamp, 200)
        expect(log.worstSecond.calls).toBe(worstOf(stamps, 1000))
        expect(log.worstTenth.calls).toBe(worstOf(stamps, 100))
      }),
    )
  })

  test('names a start of the worst second from which a recount finds as many', () => {
    fc.assert(
      fc.property(gaps, steps => {
        const stamps = toStamps(steps)
        const log = new ArrivalLog()
        for (const stamp of stamps) log.record(stamp, 200)
        const { calls, startedAt } = log.worstSecond
        expect(stamps.filter(stamp => stamp >= startedAt && stamp - startedAt < 1000)).toHaveLength(calls)
      }),
    )
  })

  test('counts an arrival as over the limit when the second that ends with it holds more', () => {
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 20 }), (steps, limit) => {
        const stamps = toStamps(steps)
        const log = new ArrivalLog()
        for (const stamp of stamps) log.record(stamp, limit)
        const over = stamps.filter(
          (stamp, index) => stamps.slice(0, index + 1).filter(other => stamp - other < 1000).length > limit,
        )
        expect(log.overLimit).toBe(over.length)
      }),
    )
  })

  test('two arrivals exactly a second apart are not in one second', () => {
    const log = new ArrivalLog()
    log.record(5000, 1)
    log.record(6000, 1)
    expect(log.worstSecond).toEqual({ calls: 1, startedAt: 5000 })
    log.record(6999.9, 1)
    expect(log.worstSecond.calls).toBe(2)
    expect(log.overLimit).toBe(1)
  })

  test('gives back every stamp in order while they fit', () => {
    const stamps = toStamps(Array.from({ length: 5000 }, (_, index) => index % 7))
    const log = new ArrivalLog()
    for (const stamp of stamps) log.record(stamp, 200)
    expect(log.stamps()).toEqual(stamps)
    expect(log.dropped).toBe(0)
  })

  test('forgets the oldest stamps beyond its capacity and keeps the worst spans exact', () => {
    const steps = Array.from({ length: 10_000 }, (_, index) => (index < 3000 ? 2 : 50))
    const stamps = toStamps(steps)
    const log = new ArrivalLog(1024)
    for (const stamp of stamps) log.record(stamp, 200)
    expect(log.stamps()).toEqual(stamps.slice(-1024))
    expect(log.dropped).toBe(10_000 - 1024)
    expect(log.count).toBe(10_000)
    expect(log.worstSecond.calls).toBe(500)
  })
})
