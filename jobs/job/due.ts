import { z } from 'zod'
import { dueSchema } from './clear-friends-job.ts'
import { InvalidJobError } from './errors.ts'

/**
 * Due dates and the order that follows from them: earliest due first, in steps of ten minutes.
 *
 * BullMQ orders by a priority from 1 (first) to 2^21 - 1. A step is the number of ten-minute spans since 2026-01-01,
 * which lasts until 2065. Priority 1 is kept for retried jobs, which would otherwise go behind the whole backlog.
 */

/** Epoch seconds at which the steps begin. */
export const FIRST_STEP_AT: number = Date.UTC(2026, 0, 1) / 1000
/** Seconds of due dates that share a priority. */
export const STEP_SECONDS = 600
/** The priority of the earliest due dates. */
export const FIRST_PRIORITY = 2
/** BullMQ's last priority. */
export const LAST_PRIORITY: number = 2 ** 21 - 1

/** The priority of a retried job: BullMQ takes it before all jobs that were not tried yet. */
export const RETRY_PRIORITY = 1

/**
 * Gives the priority of a job from its due date.
 *
 * @param due epoch seconds
 * @returns 2 to 2^21 - 1; earlier due dates give smaller numbers, which BullMQ takes first
 */
export function priorityOfDue(due: number): number {
  const step = Math.floor((due - FIRST_STEP_AT) / STEP_SECONDS)
  return Math.min(Math.max(step, FIRST_PRIORITY), LAST_PRIORITY)
}

// Unlike Date.parse, it refuses days that no calendar has.
const isoSchema = z.union([z.iso.date(), z.iso.datetime({ offset: true, local: true })])

const SECONDS_OF_UNIT: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/**
 * Parses a due date as people write it: an ISO date or date-time, or a span from now such as `2h` or `7d`.
 *
 * @param text `2026-12-24`, which begins at midnight UTC, `2026-12-24T18:00:00Z`, `90m`, `2h`, `7d`, `2w`; a time
 * without a zone is the local one
 * @param now epoch seconds
 * @returns epoch seconds
 * @throws {InvalidJobError} when the text is neither, or out of the range of a due date
 */
export function parseDue(text: string, now: number): number {
  const due = dueSchema.safeParse(readSpan(text, now) ?? readDate(text))
  if (due.success) return due.data
  throw new InvalidJobError(
    `"${text}" is no due date; expected an ISO date such as 2026-12-24, or a span such as 2h or 7d`,
  )
}

/**
 * Parses a time in the past as people write it: as {@link parseDue} does, but a span counts back from now.
 *
 * @param now epoch seconds
 * @returns epoch seconds
 * @throws {InvalidJobError} when the text is neither a date nor a span
 */
export function parseSince(text: string, now: number): number {
  const span = readSpan(text, 0)
  const since = dueSchema.safeParse(span === undefined ? readDate(text) : Math.max(0, Math.floor(now) - span))
  if (since.success) return since.data
  throw new InvalidJobError(`"${text}" is no time; expected an ISO date such as 2026-12-24, or a span such as 2h or 7d`)
}

/**
 * Parses a span as people write it, such as `90s`, `2h` or `7d`.
 *
 * @returns seconds
 * @throws {InvalidJobError} when the text is no span
 */
export function parseSpan(text: string): number {
  const seconds = readSpan(text, 0)
  if (seconds !== undefined) return seconds
  throw new InvalidJobError(`"${text}" is no span; expected one such as 90s, 30m, 2h or 7d`)
}

function readSpan(text: string, now: number): number | undefined {
  const span = /^(\d{1,6})([smhdw])$/.exec(text)
  const unit = SECONDS_OF_UNIT[span?.[2] ?? '']
  return span === null || unit === undefined ? undefined : Math.floor(now) + Number(span[1]) * unit
}

const readDate = (text: string): number | undefined =>
  isoSchema.safeParse(text).success ? Math.floor(Date.parse(text) / 1000) : undefined

/**
 * Gives the due date of a job whose producer named none.
 *
 * @param now epoch seconds
 * @param dueDays days from now
 */
export const defaultDue = (now: number, dueDays: number): number => Math.floor(now + dueDays * 86_400)
