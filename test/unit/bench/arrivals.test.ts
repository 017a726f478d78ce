import fc from 'fast-check'
import { expect, test } from 'vitest'
import { arrivalFigures } from '../../bench/arrivals.ts'

const LIMIT = 200
const WINDOW_MS = 1013

/** Makes calls of a fleet that holds its limit: each a window behind the one that is `LIMIT` before it. */
function repeated(firstWindow: readonly number[], windows: number): number[] {
  return Array.from({ length: windows }, (_, window) => firstWindow.map(at => at + window * WINDOW_MS)).flat()
}

/** Generates moments within a window, some together and some far apart. */
const unevenWindow = fc
  .array(fc.integer({ min: 0, max: WINDOW_MS - 1 }), { minLength: LIMIT, maxLength: LIMIT })
  .map(moments => moments.toSorted((a, b) => a - b))

test('the steady rate is that of whole windows, however unevenly calls lie in each of them', () => {
  fc.assert(
    fc.property(unevenWindow, fc.integer({ min: 4, max: 12 }), (firstWindow, windows) => {
      const { steadyPerSecond } = arrivalFigures(repeated(firstWindow, windows), LIMIT)
      expect(steadyPerSecond).toBeCloseTo((LIMIT / WINDOW_MS) * 1000, 6)
    }),
  )
})

test('a fleet that stands still for a while in each window has a lower steady rate', () => {
  const evenly = Array.from({ length: LIMIT }, (_, index) => (index * WINDOW_MS) / LIMIT)
  const slower = Array.from({ length: 9 }, (_, window) => evenly.map(at => at + window * (WINDOW_MS + 20))).flat()
  expect(arrivalFigures(slower, LIMIT).steadyPerSecond).toBeCloseTo((LIMIT / (WINDOW_MS + 20)) * 1000, 6)
})

test('the rate of a run shorter than two windows is that between its first and its last tenth', () => {
  const everyTenMs = Array.from({ length: 101 }, (_, index) => index * 10)
  expect(arrivalFigures(everyTenMs, LIMIT).steadyPerSecond).toBeCloseTo(100, 6)
})

test('a run without calls has no rate and no full second', () => {
  expect(arrivalFigures([], LIMIT)).toMatchObject({ calls: 0, steadyPerSecond: 0, worstSecond: 0, callsOver: 0 })
})

test('the 201st call within a second is one over, and at exactly a second it is not', () => {
  const even = Array.from({ length: LIMIT + 1 }, (_, index) => index * 5)
  expect(arrivalFigures(even, LIMIT)).toMatchObject({ worstSecond: 200, callsOver: 0 })
  const sooner = [...even.slice(0, LIMIT), 999.9]
  expect(arrivalFigures(sooner, LIMIT)).toMatchObject({ worstSecond: 201, callsOver: 1 })
})
