import { z } from 'zod'
import { doubledKeys } from '../../../config/doubled-keys.ts'
import { parseJson } from '../../../config/parse-json.ts'
import { accountSchema, dueSchema, requestSchema } from '../../../jobs/job/clear-friends-job.ts'
import { parseDue } from '../../../jobs/job/due.ts'
import { checkAccount, type Parsed } from './import-line.ts'

const fieldsSchema = z.strictObject(
  {
    account: accountSchema,
    type: z.enum(['both', 'single'], { error: "the type is neither 'both' nor 'single'" }).exactOptional(),
    due: z
      .union([dueSchema, z.string()], { error: 'the due date is neither whole epoch seconds nor a text' })
      .exactOptional(),
    request: requestSchema.exactOptional(),
  },
  { error: 'the object has fields other than account, type, due and request' },
)

const hasDoubledKey = doubledKeys(['account', 'type', 'due', 'request'])

/**
 * Parses a JSON text: an account, or an object with its fields.
 *
 * @param what how a fault names the text: `line` or `element`
 * @param now epoch seconds from which spans count
 * @returns `undefined` if it is no JSON
 */
export function parseJsonFields(text: string, what: string, now: number): Parsed | undefined {
  const json = parseJson(text)
  if (json === undefined) return undefined
  if (typeof json === 'string') return checkAccount(json)
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return { fault: `the ${what} is neither a string nor an object` }
  }
  // The parser takes the last of two accounts; nobody knows which one was meant.
  if (hasDoubledKey(text)) return { fault: 'the object has a field more than once' }
  return parseFields(json, now)
}

/**
 * Makes an entry of the fields of a line.
 *
 * @param fields `account`, and perhaps `type`, `due` and `request`, unchecked
 * @param now epoch seconds from which spans count
 */
export function parseFields(fields: unknown, now: number): Parsed {
  const parsed = fieldsSchema.safeParse(fields)
  if (!parsed.success) return { fault: parsed.error.issues.map(issue => issue.message).join('; ') }
  const { type, due, ...rest } = parsed.data
  const entry = { ...rest, ...(type === undefined ? {} : { deleteType: type }) }
  try {
    if (due === undefined) return { entry }
    return { entry: { ...entry, due: typeof due === 'string' ? parseDue(due, now) : due } }
  } catch {
    return { fault: 'the due date is neither a date nor a span' }
  }
}
