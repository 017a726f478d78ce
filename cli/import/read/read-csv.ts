import { pipeline, Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { z } from 'zod'
import { checkAccount, type ImportLine, type Parsed } from './import-line.ts'
import { InputFormatError, LINE_MAX_BYTES, refuseBinary } from './lines.ts'

/**
 * Reads the rows of a csv with a header, in the order of their lines.
 *
 * @param column name of the column that holds the account
 * @throws {InputFormatError} for binary input; when there is no such column, or the csv breaks in a way that hides where
 *   its lines begin
 */
export async function* readCsv(chunks: AsyncIterable<Buffer>, column: string): AsyncGenerator<ImportLine> {
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
  // An error thrown here ends the parsing.
  parser.on('skip', (error: { code?: string; lines?: number }) => {
    const line = error.lines ?? 0
    if (!headerIsRead || error.code !== QUOTE_IN_A_FIELD) throw brokenFrom(line)
    faults.set(line, 'the line is no csv: a field with a quote in it is not quoted')
  })
  // `pipeline` needs a callback, which has nothing to do: the loop below gets the error.
  pipeline(Readable.from(refuseBinary(chunks)), parser, () => {})
  for await (const item of parser) {
    const { record, info } = recordSchema.parse(item)
    yield* take(faults, info.lines)
    yield { line: info.lines, ...checkCsvAccount(record[column]) }
  }
  yield* take(faults, Number.POSITIVE_INFINITY)
}

/** The only fault after which the start of the next line is certain. */
const QUOTE_IN_A_FIELD = 'INVALID_OPENING_QUOTE'

/**
 * Makes the error for a quote that is never closed, or closed in the wrong place. The parser may read lines after it as
 * a part of a field. They would be missing from the manifest, and a wrong account might be read instead.
 */
const brokenFrom = (line: number): InputFormatError =>
  new InputFormatError(
    `the csv breaks at line ${line}: a quoted field there, or one that began in a line before, does not end as it should. ` +
      'Mend the file and import it again; accounts that are in the queue are not enqueued twice.',
  )

/** Gives the faults of lines before the next row, since the parser runs ahead of the reader of rows. */
function* take(faults: Map<number, string>, beforeLine: number): Generator<ImportLine> {
  for (const [line, fault] of faults) {
    if (line >= beforeLine) return
    faults.delete(line)
    yield { line, fault }
  }
}

function checkCsvAccount(account: string | undefined): Parsed {
  if (account === undefined) return { fault: 'the line has too few columns' }
  // The decoder puts U+FFFD in the place of bytes that are no UTF-8.
  return account.includes('\uFFFD') ? { fault: 'the line is not valid UTF-8' } : checkAccount(account)
}

const recordSchema = z.object({ record: z.record(z.string(), z.string()), info: z.object({ lines: z.number() }) })

function checkHeader(header: readonly string[], column: string): string[] {
  const found = header.filter(name => name === column).length
  if (found === 1) return [...header]
  if (found > 1) throw new InputFormatError(`the csv has the column "${column}" ${found} times.`)
  // The message must not list the columns: the first line of a file without a header holds an account.
  const columns = header.length === 1 ? '1 column' : `${header.length} columns`
  throw new InputFormatError(
    `the csv has no column "${column}": its first line has ${columns}, none of that name. Name one with --column.`,
  )
}
