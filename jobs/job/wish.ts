import { z } from 'zod'
import { parseJson } from '../../config/parse-json.ts'
import type { JobData } from './clear-friends-job.ts'

/**
 * The wish of a job: by when an account is to be cleared, both ways or one way, and for which requests.
 *
 * A job begins with the wish in its data. Each duplicate adds its own wish, and the job never becomes weaker: the
 * earlier due date and two-way over one-way go into the data. The job's hash keeps the rest in the field `wish`, since a
 * worker that has the job in hand must notice it. `enqueue/strengthen.lua` writes both.
 */
export interface Growth {
  /** Whether a duplicate made a one-way job two-way. */
  readonly twoWay: boolean
  /** Requests that came with duplicates. */
  readonly requests: readonly string[]
}

/** The text of the field `wish` of a job that no duplicate has strengthened: the field is not there. */
export const NOT_GROWN = ''

const growthSchema = z.tuple([z.enum(['both', 'same'])], z.string())
const NONE: Growth = Object.freeze({ twoWay: false, requests: [] })

/**
 * Parses the field `wish`: a JSON array of `both` or `same`, then request ids. An empty id is the wish of a producer
 * that named no request. A text that only a foreign program can have written counts as no growth.
 */
export function parseGrowth(text: string | null | undefined): Growth {
  // Nearly all jobs, and a parser that fails costs more than all other bookkeeping of a job.
  if (text === null || text === undefined || text === NOT_GROWN) return NONE
  const parsed = growthSchema.safeParse(parseJson(text))
  if (!parsed.success) return NONE
  const [way, ...requests] = parsed.data
  return { twoWay: way === 'both', requests: requests.filter(request => request !== '') }
}

/** Lists all requests that a job serves, each once, the one of its data first. */
export function allRequests(own: readonly string[], growth: Growth): readonly string[] {
  return [...new Set([...own, ...growth.requests])]
}

/** A job after one request was withdrawn from it. `last`: no other wish is left, so that the job itself must go. */
export type Withdrawn =
  | { readonly kind: 'absent' }
  | { readonly kind: 'last' }
  | { readonly kind: 'shared'; readonly data: JobData; readonly wish: string }

/**
 * Takes a request out of a job. Other requests, and producers that named none, keep their wish; the due date and the
 * way of the delete stay as strong as they are.
 *
 * @param wishText the field `wish` of the job
 */
export function withdrawRequest(job: JobData, wishText: string, request: string): Withdrawn {
  const parsed = growthSchema.safeParse(parseJson(wishText))
  const [way, ...added] = parsed.success ? parsed.data : (['same'] as const)
  const { request: own = '', ...rest } = job
  const all = [own, ...added]
  if (!all.includes(request)) return { kind: 'absent' }
  const [first, ...others] = all.filter(each => each !== request)
  if (first === undefined) return { kind: 'last' }
  const data = first === '' ? rest : { ...rest, request: first }
  return { kind: 'shared', data, wish: JSON.stringify([way, ...others]) }
}
