import { z } from 'zod'
import { parseJson } from '../../config/parse-json.ts'

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
  const parsed = growthSchema.safeParse(parseJson(text ?? ''))
  if (!parsed.success) return NONE
  const [way, ...requests] = parsed.data
  return { twoWay: way === 'both', requests: requests.filter(request => request !== '') }
}

/** Lists all requests that a job serves, each once, the one of its data first. */
export function allRequests(own: readonly string[], growth: Growth): readonly string[] {
  return [...new Set([...own, ...growth.requests])]
}
