import { expect, test } from 'vitest'
import { AnswerTimes } from '../../../limiter/answer-times.ts'

const USUAL_MS = 50
/** Many more answers than the sample holds. */
const MANY = 400

/** Takes in answers; gives for each how late its call may have arrived, in ms. */
const heldUpBy = (times: AnswerTimes, tookMs: readonly number[]): number[] => tookMs.map(ms => times.heldUpMs(ms))

const usualAnswers = (count: number): number[] =>
  Array.from({ length: count }, (_, index) => USUAL_MS - 0.5 + (index % 3) / 2)

/** Makes answers that take between 20 and 220 ms, most of them less than 100, in no particular order. */
const differentAnswers = (count: number): number[] =>
  Array.from({ length: count }, (_, index) => 20 + 200 * ((index * 0.618) % 1) ** 3)

test('answers that take about as long as usual hold no call up', () => {
  expect(heldUpBy(new AnswerTimes(), usualAnswers(MANY))).toEqual(Array(MANY).fill(0))
})

test('an answer that is 10 ms late means a call that may have arrived 10 ms late', () => {
  const times = new AnswerTimes()
  heldUpBy(times, usualAnswers(MANY))
  expect(times.heldUpMs(USUAL_MS + 10)).toBeCloseTo(10, 0)
})

test('calls that a process holds up while it starts do not make later delays usual', () => {
  const times = new AnswerTimes()
  const whileStarting = Array.from({ length: 60 }, (_, index) => USUAL_MS + (index % 3 === 0 ? 35 : 2))
  heldUpBy(times, [...whileStarting, ...usualAnswers(80)])
  expect(times.heldUpMs(USUAL_MS + 15)).toBeCloseTo(15, 0)
})

test('each call that is held up while a process starts counts as late', () => {
  const times = new AnswerTimes()
  const held = heldUpBy(times, [USUAL_MS, ...Array(50).fill(USUAL_MS + 20)])
  expect(held.slice(1)).toEqual(Array(50).fill(20))
})

test('a jam does not pass for usual because it comes soon after the start', () => {
  const times = new AnswerTimes()
  heldUpBy(times, [...usualAnswers(76), ...Array(4).fill(USUAL_MS + 20)])
  expect(Math.round(times.heldUpMs(USUAL_MS + 12.25))).toBe(13)
})

test('where answers take differently long anyway, all but the slowest tell nothing', () => {
  const times = new AnswerTimes()
  heldUpBy(times, differentAnswers(MANY))
  const told = heldUpBy(times, differentAnswers(MANY)).filter(ms => ms > 0)
  expect(told.length).toBeLessThan(MANY * 0.05)
})

test('a vendor that becomes slower for good is usual again after a hundred answers', () => {
  const times = new AnswerTimes()
  heldUpBy(times, usualAnswers(MANY))
  heldUpBy(times, Array(100).fill(4 * USUAL_MS))
  expect(times.heldUpMs(4 * USUAL_MS + 1)).toBe(0)
})

test('of an answer that is very late no more than 50 ms is made', () => {
  const times = new AnswerTimes()
  heldUpBy(times, usualAnswers(MANY))
  expect(times.heldUpMs(3000)).toBe(50)
})
