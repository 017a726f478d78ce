import { z } from 'zod'
import { parseJson } from '../../config/parse-json.ts'

/** A job as a fetching script of BullMQ answers it, cleaned. */
export interface CleanJob {
  /** The job's hash for BullMQ: field, value, field, value … Each value is one that BullMQ can parse. */
  readonly fields: readonly string[]
  /** Fields to remove in Redis, because BullMQ's next script on this job would break off at them, half done. */
  readonly unusable: readonly string[]
  /** Id of the scheduler that would add this job anew, if one made it. */
  readonly scheduler: string | undefined
  /** Id under which BullMQ keeps duplicates away for a time of the producer's choice. */
  readonly throttledBy: string | undefined
}

/** A job of version 1 needs some 250 bytes. Longer texts are not parsed: they would hold up the calls of the process. */
const LONGEST_JSON = 65_536
/** Data that no contract allows; the attempt makes a dead letter of it. */
const NO_DATA = 'null'

/** BullMQ's counters, which its scripts increase: attempts, starts, stalls. */
const COUNTERS = ['atm', 'ats', 'stc'] as const
const countSchema = z.string().regex(/^\d{1,15}$/)

const optionsSchema = z.object({
  /** Trace context of the producer. */
  tm: z.unknown().optional(),
  /** Deduplication. */
  de: z.unknown().optional(),
})
const throttleSchema = z.object({ ttl: z.unknown().refine(ttl => ttl !== undefined) })
const parentSchema = z.object({ id: z.string(), queueKey: z.string() })

/**
 * Cleans a job before BullMQ parses it. Any client of Redis may have written it, and BullMQ's parser quotes what it cannot
 * parse, which may be a user id.
 *
 * Only what a worker uses passes: data, progress, counters and times, trace context, and the links of a flow. All other
 * options of the producer (`removeOnFail`, `attempts`, `backoff`, `lifo`, `failParentOnFailure`, a repetition, a failure
 * that BullMQ deferred …) are left out, so that the worker's own hold.
 *
 * @param raw field, value, field, value … as `HGETALL` answers
 * @param now epoch ms, for a job without a usable time of its own
 */
export function cleanJob(raw: readonly string[], now: number): CleanJob {
  const given = new Map<string, string>()
  for (let at = 0; at + 1 < raw.length; at += 2) given.set(raw[at] ?? '', raw[at + 1] ?? '')
  const options = optionsOf(given.get('opts'))
  const isChild = parentSchema.safeParse(parse(given.get('parent'))).success
  const clean: Record<string, string> = {
    name: given.get('name') ?? '',
    data: isJson(given.get('data')) ? (given.get('data') ?? NO_DATA) : NO_DATA,
    opts: JSON.stringify(typeof options.tm === 'string' ? { tm: options.tm } : {}),
    progress: isJson(given.get('progress')) ? (given.get('progress') ?? '0') : '0',
    timestamp: countOf(given.get('timestamp')) ?? String(now),
    processedOn: countOf(given.get('processedOn')) ?? String(now),
    delay: '0',
    priority: countOf(given.get('priority')) ?? '0',
  }
  for (const counter of COUNTERS) clean[counter] = countOf(given.get(counter)) ?? '0'
  for (const link of isChild ? LINKS : []) clean[link] = given.get(link) ?? ''
  const deduplication = given.get('deid')
  if (deduplication !== undefined) clean['deid'] = deduplication
  return {
    fields: Object.entries(clean).flat(),
    unusable: [
      ...COUNTERS.filter(counter => given.has(counter) && countOf(given.get(counter)) === undefined),
      ...(isChild ? [] : LINKS.filter(link => given.has(link))),
    ],
    scheduler: given.get('rjk'),
    throttledBy: throttleSchema.safeParse(options.de).success ? deduplication : undefined,
  }
}

const LINKS = ['parent', 'parentKey'] as const

const countOf = (text: string | undefined): string | undefined => countSchema.safeParse(text).data

const parse = (text: string | undefined): unknown =>
  text === undefined || text.length > LONGEST_JSON ? undefined : parseJson(text)

const isJson = (text: string | undefined): boolean => parse(text) !== undefined

function optionsOf(text: string | undefined): z.infer<typeof optionsSchema> {
  const parsed = optionsSchema.safeParse(parse(text))
  return parsed.success ? parsed.data : {}
}
