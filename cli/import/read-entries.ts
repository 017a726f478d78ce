import { z } from 'zod'
import { parseJson } from '../../config/parse-json.ts'
import { accountSchema, dueSchema, requestSchema } from '../../jobs/job/clear-friends-job.ts'
import { parseDue } from '../../jobs/job/due.ts'
import type { Format } from './format.ts'
import { checkAccount, type ImportLine, type Parsed } from './import-line.ts'
import { NotTextError, splitLines } from './lines.ts'
import { InputFormatError, readCsv } from './read-csv.ts'

/**
 * Reads an input line by line.
 *
 * @param chunks the input in pieces of any size
 * @param format txt: one account a line; csv: with a header; ndjson: a string or an object a line
 * @param column the csv column that holds the account
 * @param now epoch seconds from which spans such as `7d` count
 * @throws {NotTextError} for binary input
 * @throws {InputFormatError} when a csv has no such column, or breaks in a way that hides where its lines begin
 */
export function readEntries(
  chunks: AsyncIterable<Buffer>,
  format: Format,
  column: string,
  now: number,
): AsyncIterable<ImportLine> {
  switch (format) {
    case 'txt':
      return readLines(chunks, checkAccount)
    case 'ndjson':
      return readLines(chunks, text => parseJsonLine(text, now))
    case 'csv':
      return readCsv(chunks, column)
    default:
      return format satisfies never
  }
}

/** Whether an error means that the operator must mend the input. */
export const isInputFault = (error: unknown): boolean =>
  error instanceof NotTextError || error instanceof InputFormatError

async function* readLines(
  chunks: AsyncIterable<Buffer>,
  parseLine: (text: string) => Parsed,
): AsyncGenerator<ImportLine> {
  for await (const { number, text, fault } of splitLines(chunks)) {
    yield text === null ? { line: number, fault } : { line: number, ...parseLine(text) }
  }
}

const jsonLineSchema = z.union([
  accountSchema,
  z.strictObject(
    {
      account: accountSchema,
      type: z.enum(['both', 'single'], { error: "the type is neither 'both' nor 'single'" }).optional(),
      due: z
        .union([dueSchema, z.string()], { error: 'the due date is neither whole epoch seconds nor a text' })
        .optional(),
      request: requestSchema.optional(),
    },
    { error: 'the object has fields other than account, type, due and request' },
  ),
])

function parseJsonLine(text: string, now: number): Parsed {
  const json = parseJson(text)
  if (json === undefined) return { fault: text.trim() === '' ? 'the line is empty' : 'the line is no JSON' }
  const parsed = jsonLineSchema.safeParse(json)
  if (!parsed.success) return { fault: faultOf(json, parsed.error) }
  if (typeof parsed.data === 'string') return { entry: parsed.data }
  const { account, type, due, request } = parsed.data
  try {
    const dueAt = typeof due === 'string' ? parseDue(due, now) : due
    return {
      entry: {
        account,
        ...(type === undefined ? {} : { deleteType: type }),
        ...(dueAt === undefined ? {} : { due: dueAt }),
        ...(request === undefined ? {} : { request }),
      },
    }
  } catch {
    return { fault: 'the due date is neither a date nor a span' }
  }
}

/** Gives the faults of a line for the shape that it has: a string or an object. */
function faultOf(json: unknown, error: z.ZodError): string {
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json)
  if (!isObject && typeof json !== 'string') return 'the line is neither a string nor an object'
  const issue = error.issues[0]
  if (issue?.code !== 'invalid_union') return issue?.message ?? 'the line does not fit'
  return (issue.errors[isObject ? 1 : 0] ?? []).map(each => each.message).join('; ')
}
