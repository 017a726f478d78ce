import { pipeline, Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { z } from 'zod'
import { accountFault, accountSchema, dueSchema, type Entry, parseDue, requestSchema } from '../../jobs/index.ts'
import { LINE_MAX_BYTES, refuseBinary, splitLines } from './lines.ts'

/** The formats that `import` reads. */
export const FORMATS = ['txt', 'csv', 'ndjson'] as const

/** One of {@link FORMATS}. */
export type Format = (typeof FORMATS)[number]

/** A line of the input: an entry for the queue, or why it is none. The reason never holds the account. */
export type ImportLine =
  | { readonly line: number; readonly entry: Entry }
  | { readonly line: number; readonly fault: string }

/** Thrown when the input as a whole does not fit its format. */
class InputFormatError extends Error {
  override readonly name = 'InputFormatError'
  readonly code = 'INPUT_FORMAT'
}

/**
 * Reads an input line by line.
 *
 * @param chunks the bytes
 * @param format txt: one account a line; csv: with a header; ndjson: a string or an object a line
 * @param column the csv column that holds the account
 * @throws {NotTextError} for binary input
 * @throws {InputFormatError} when a csv has no such column, or breaks in a way that hides where its lines begin
 */
export function readEntries(chunks: AsyncIterable<Buffer>, format: Format, column: string): AsyncIterable<ImportLine> {
  switch (format) {
    case 'txt':
      return readLines(chunks, text => checkAccount(text))
    case 'ndjson':
      return readLines(chunks, parseJsonLine)
    case 'csv':
      return readCsv(chunks, column)
    default:
      return format satisfies never
  }
}

type Parsed = { readonly entry: Entry } | { readonly fault: string }

async function* readLines(
  chunks: AsyncIterable<Buffer>,
  parseLine: (text: string) => Parsed,
): AsyncGenerator<ImportLine> {
  for await (const { number, text, fault } of splitLines(chunks)) {
    yield text === null ? { line: number, fault } : { line: number, ...parseLine(text) }
  }
}

const checkAccount = (account: string): Parsed => {
  const fault = accountFault(account)
  return fault === null ? { entry: account } : { fault }
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

function parseJsonLine(text: string): Parsed {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return { fault: text.trim() === '' ? 'the line is empty' : 'the line is no JSON' }
  }
  const parsed = jsonLineSchema.safeParse(json)
  if (!parsed.success) return { fault: faultOf(json, parsed.error) }
  if (typeof parsed.data === 'string') return { entry: parsed.data }
  const { account, type, due, request } = parsed.data
  try {
    const dueAt = typeof due === 'string' ? parseDue(due, Date.now() / 1000) : due
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

/** Of the two shapes a line may have, tells what is wrong with the one it was meant to have. */
function faultOf(json: unknown, error: z.ZodError): string {
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json)
  if (!isObject && typeof json !== 'string') return 'the line is neither a string nor an object'
  const issue = error.issues[0]
  if (issue?.code !== 'invalid_union') return issue?.message ?? 'the line does not fit'
  return (issue.errors[isObject ? 1 : 0] ?? []).map(each => each.message).join('; ')
}

async function* readCsv(chunks: AsyncIterable<Buffer>, column: string): AsyncGenerator<ImportLine> {
  const faults = new Map<number, string>()
  let headerIsRead = false
  const parser = parse({
    bom: true,
    columns: header => {
      headerIsRead = true
      return checkHeader(header, column)
    },
    info: true,
    maxRecordSize: LINE_MAX_BYTES,
    recordDelimiter: ['\r\n', '\n'],
    relaxColumnCount: true,
    skipRecordsWithError: true,
  })
  // What is thrown here ends the parsing.
  parser.on('skip', (error: { code?: string; lines?: number }) => {
    const line = error.lines ?? 0
    if (!headerIsRead || error.code !== QUOTE_IN_A_FIELD) throw brokenFrom(line)
    faults.set(line, 'the line is no csv: a field with a quote in it is not quoted')
  })
  // The callback is pipeline's way to say that nobody else listens; the loop below gets the error.
  pipeline(Readable.from(refuseBinary(chunks)), parser, () => {})
  for await (const item of parser) {
    const { record, info } = recordSchema.parse(item)
    yield* take(faults)
    yield { line: info.lines, ...checkCsvAccount(record[column]) }
  }
  yield* take(faults)
}

/** The one fault that leaves no doubt where the next line begins. */
const QUOTE_IN_A_FIELD = 'INVALID_OPENING_QUOTE'

/**
 * Behind a quote that is never closed, or closed in the wrong place, lines could be taken for a part of a field. They
 * would be missing from the manifest, and what is read instead might be somebody else's account.
 */
const brokenFrom = (line: number): InputFormatError =>
  new InputFormatError(
    `the csv breaks at line ${line}: a quoted field there, or one that began in a line before, does not end as it should. ` +
      'Mend the file and import it again; accounts that are in the queue are not enqueued twice.',
  )

function* take(faults: Map<number, string>): Generator<ImportLine> {
  for (const [line, fault] of faults) yield { line, fault }
  faults.clear()
}

function checkCsvAccount(account: string | undefined): Parsed {
  if (account === undefined) return { fault: 'the line has too few columns' }
  // What the decoder puts in place of bytes that are no UTF-8.
  return account.includes('\uFFFD') ? { fault: 'the line is not valid UTF-8' } : checkAccount(account)
}

const recordSchema = z.object({ record: z.record(z.string(), z.string()), info: z.object({ lines: z.number() }) })

function checkHeader(header: readonly string[], column: string): string[] {
  const found = header.filter(name => name === column).length
  if (found === 1) return [...header]
  if (found > 1) throw new InputFormatError(`the csv has the column "${column}" ${found} times.`)
  // A file without a header has an account here, so the columns cannot be listed.
  const columns = header.length === 1 ? '1 column' : `${header.length} columns`
  throw new InputFormatError(
    `the csv has no column "${column}": its first line has ${columns}, none of that name. Name one with --column.`,
  )
}
