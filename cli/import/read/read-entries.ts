import { basename, extname } from 'node:path'
import { z } from 'zod'
import { parseJson } from '../../../config/parse-json.ts'
import { accountSchema, dueSchema, requestSchema } from '../../../jobs/job/clear-friends-job.ts'
import { parseDue } from '../../../jobs/job/due.ts'
import { checkAccount, type ImportLine, type Parsed } from './import-line.ts'
import { splitLines } from './lines.ts'
import { readCsv } from './read-csv.ts'

/** Formats that `import` reads. */
export const FORMATS = ['txt', 'csv', 'ndjson'] as const

/** One of {@link FORMATS}. */
export type Format = (typeof FORMATS)[number]

/** Finds the format by the extension; for a compressed file such as `wave.csv.gz`, by the extension before `.gz`. */
export function formatOf(file: string): Format {
  const inner = basename(file).replace(/\.gz$/i, '')
  const extension = extname(inner).slice(1).toLowerCase()
  if (extension === 'csv') return 'csv'
  return extension === 'ndjson' || extension === 'jsonl' ? 'ndjson' : 'txt'
}

/**
 * Reads an input line by line.
 *
 * @param chunks the input in pieces of any size
 * @param format txt: one account a line; csv: with a header; ndjson: a string or an object a line
 * @param column the csv column that holds the account
 * @param now epoch seconds from which spans such as `7d` count
 * @throws {InputFormatError} for binary input; when a csv has no such column, or breaks in a way that hides where its
 *   lines begin
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
      type: z.enum(['both', 'single'], { error: "the type is neither 'both' nor 'single'" }).exactOptional(),
      due: z
        .union([dueSchema, z.string()], { error: 'the due date is neither whole epoch seconds nor a text' })
        .exactOptional(),
      request: requestSchema.exactOptional(),
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
  const { type, due, ...rest } = parsed.data
  const entry = { ...rest, ...(type === undefined ? {} : { deleteType: type }) }
  try {
    if (due === undefined) return { entry }
    return { entry: { ...entry, due: typeof due === 'string' ? parseDue(due, now) : due } }
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
