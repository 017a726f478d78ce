import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  defaultDue,
  FIRST_STEP_AT,
  parseDue,
  priorityOfDue,
  RETRY_PRIORITY,
  STEP_SECONDS,
} from '../../../jobs/job/due.ts'
import { InvalidJobError } from '../../../jobs/job/errors.ts'

const NOW = Date.UTC(2026, 10, 23, 10, 0, 0) / 1000
const at = (iso: string): number => Date.parse(iso) / 1000

describe('a due date as people write it', () => {
  it.each([
    ['0s', NOW],
    ['45s', NOW + 45],
    ['90m', NOW + 5400],
    ['2h', NOW + 7200],
    ['7d', NOW + 604_800],
    ['2w', NOW + 1_209_600],
    ['999999d', NOW + 999_999 * 86_400],
    ['2026-12-24', at('2026-12-24T00:00:00Z')],
    ['2026-12-24T18:00:00Z', at('2026-12-24T18:00:00Z')],
    ['2026-12-24T18:00:00.900Z', at('2026-12-24T18:00:00Z')],
    ['2026-12-24T18:00:00+02:00', at('2026-12-24T16:00:00Z')],
    ['2028-02-29', at('2028-02-29T00:00:00Z')],
    ['1970-01-01', 0],
    ['9999-12-31', at('9999-12-31T00:00:00Z')],
  ])('%s is understood', (text, expected) => {
    expect(parseDue(text, NOW)).toBe(expected)
  })

  it('with a time and no zone is the local time', () => {
    expect(parseDue('2026-12-24T18:00:00', NOW)).toBe(new Date(2026, 11, 24, 18).getTime() / 1000)
  })

  it('counts a span from the whole second', () => {
    expect(parseDue('1s', NOW + 0.9)).toBe(NOW + 1)
  })

  it.each([
    '',
    'soon',
    '7',
    '7 d',
    ' 7d',
    '-7d',
    '1.5h',
    '2H',
    '7y',
    '1234567d',
    '2026',
    '2026-12',
    '2026-2-3',
    '24.12.2026',
    '2026-13-01',
    '2026-02-30',
    '2027-02-29',
    '2026-12-24T',
    '2026-12-24T25:00:00Z',
    '2026-12-24 18:00',
    '2026-12-24Tsoon',
    '1969-12-31',
    '0000-01-01',
    '999999w',
    '1800000000',
  ])('%j is refused with a sentence that says what is expected', text => {
    const parse = () => parseDue(text, NOW)
    expect(parse).toThrow(InvalidJobError)
    expect(parse).toThrow('expected an ISO date such as 2026-12-24, or a span such as 2h or 7d')
  })
})

describe('the default due date', () => {
  it.each([
    [30, NOW + 2_592_000],
    [0, NOW],
    [0.5, NOW + 43_200],
  ])('is %d days away, in whole seconds', (days, expected) => {
    expect(defaultDue(NOW + 0.7, days)).toBe(expected)
  })
})

const dueDate = fc.oneof(
  fc.integer({ min: 0, max: 253_402_300_799 }),
  fc.integer({ min: FIRST_STEP_AT - 10_000, max: FIRST_STEP_AT + 2 ** 21 * STEP_SECONDS + 10_000 }),
)

describe('the priority of a due date', () => {
  it.each([
    ['1970', 0, 2],
    ['the first second of the steps', FIRST_STEP_AT, 2],
    ['the end of the second step', FIRST_STEP_AT + 3 * STEP_SECONDS - 1, 2],
    ['the third step', FIRST_STEP_AT + 3 * STEP_SECONDS, 3],
    ['now', NOW, Math.floor((NOW - FIRST_STEP_AT) / 600)],
    ['the last step', FIRST_STEP_AT + 2 ** 21 * STEP_SECONDS, 2 ** 21 - 1],
    ['the year 9999', 253_402_300_799, 2 ** 21 - 1],
  ])('in %s is what BullMQ takes', (_, due, expected) => {
    expect(priorityOfDue(due)).toBe(expected)
  })

  it('is never larger for an earlier due date', () => {
    fc.assert(
      fc.property(dueDate, dueDate, (one, other) => {
        const [earlier, later] = one < other ? [one, other] : [other, one]
        expect(priorityOfDue(earlier)).toBeLessThanOrEqual(priorityOfDue(later))
      }),
    )
  })

  it('is a whole number behind that of retried jobs and within BullMQ’s range', () => {
    fc.assert(
      fc.property(dueDate, due => {
        const priority = priorityOfDue(due)
        expect(Number.isInteger(priority)).toBe(true)
        expect(priority).toBeGreaterThan(RETRY_PRIORITY)
        expect(priority).toBeLessThan(2 ** 21)
      }),
    )
  })

  it('tells due dates apart that are ten minutes apart', () => {
    fc.assert(
      fc.property(fc.integer({ min: FIRST_STEP_AT + 1200, max: FIRST_STEP_AT + (2 ** 21 - 1) * 600 - 1 }), due => {
        expect(priorityOfDue(due + STEP_SECONDS)).toBe(priorityOfDue(due) + 1)
      }),
    )
  })
})
