import { type Options, type Parser, parse } from 'csv-parse'
import type { CsvLayout } from './csv-header.ts'
import { CsvLines } from './csv-lines.ts'
import { parseRow } from './csv-row.ts'
import { type ImportLine, toImportLine } from './import-line.ts'
import { InputFormatError } from './input-format-error.ts'
import { LINE_MAX_BYTES, TOO_LONG } from './lines.ts'

/** A row as the parser gives it: its fields, or its fault; `at` is a place in the bytes. */
type Row =
  | { readonly kind: 'fields'; readonly fields: readonly string[]; readonly at: number }
  | { readonly kind: 'fault'; readonly at: number }

/**
 * Reads the rows of a csv behind its header, in the order of their lines. A row of several lines has the number of its
 * last one.
 *
 * @param chunks UTF-8 without a byte-order mark, in pieces of any size
 * @param now epoch seconds from which spans count
 * @throws {InputFormatError} when the csv breaks in a way that hides where its lines begin
 */
export async function* readCsv(
  chunks: AsyncIterable<Buffer>,
  layout: CsvLayout,
  now: number,
): AsyncGenerator<ImportLine> {
  const rows: Row[] = []
  const lines = new CsvLines(layout.hasSepLine ? 1 : 0)
  const parser = openParser(layout, lines, rows)
  let headerIsRead = false
  let faultyLine = 0
  function* take(): Generator<ImportLine> {
    for (const row of rows.splice(0)) {
      if (!headerIsRead) lines.rowEnd(row.at)
      else {
        const line = toLine(row, lines, layout, now)
        // A row may have several faults.
        if (row.kind === 'fields' || line.line !== faultyLine) yield line
        if (row.kind === 'fault') faultyLine = line.line
      }
      headerIsRead = true
    }
  }
  for await (const chunk of layout.hasSepLine ? behindFirstLine(chunks) : chunks) {
    await feed(parser, lines.bound(chunk))
    yield* take()
  }
  await feed(parser, undefined)
  yield* take()
}

/** The only fault after which the start of the next line is certain. */
const QUOTE_IN_A_FIELD = 'INVALID_OPENING_QUOTE'

function openParser({ delimiters }: CsvLayout, lines: CsvLines, rows: Row[]): Parser {
  const options: Options = {
    delimiter: [...delimiters],
    maxRecordSize: LINE_MAX_BYTES,
    recordDelimiter: ['\r\n', '\n'],
    relaxColumnCount: true,
    skipRecordsWithError: true,
    onRecord: (fields, { bytes: at }) => {
      rows.push({ kind: 'fields', fields, at })
      return null
    },
  }
  const parser = parse(options)
  // `feed` gets the errors.
  parser.on('error', () => {})
  // An error thrown here ends the parsing. The parser itself would lose the rest of a chunk behind a row that is too long.
  parser.on('skip', (error: { code?: string; bytes?: number }) => {
    const { code, bytes: at = 0 } = error
    if (code !== QUOTE_IN_A_FIELD) throw brokenFrom(lines.lineAt(at))
    rows.push({ kind: 'fault', at })
  })
  return parser
}

/** Hands bytes, or the end of the input, to the parser, and waits until it has parsed them. */
function feed(parser: Parser, bytes: Buffer | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => (error ? reject(error) : resolve())
    if (bytes === undefined) parser.end(done)
    else parser.write(bytes, done)
  })
}

/**
 * Makes the error for a quote that is never closed, or closed in the wrong place. The parser may read lines after it as
 * a part of a field. They would be missing from the manifest, and a wrong account might be read instead.
 */
const brokenFrom = (line: number): InputFormatError =>
  new InputFormatError(
    `the csv breaks at line ${line}: a quoted field that begins there does not end as it should, or makes its row longer ` +
      `than ${LINE_MAX_BYTES} bytes. Mend the file and import it again; accounts that are in the queue are not enqueued ` +
      'twice.',
  )

function toLine(row: Row, lines: CsvLines, layout: CsvLayout, now: number): ImportLine {
  if (row.kind === 'fault') {
    return { line: lines.lineAt(row.at), fault: 'the line is no csv: a field with a quote in it is not quoted' }
  }
  const { line, isEnded, isTooLong } = lines.rowEnd(row.at)
  if (isTooLong) return { line, fault: TOO_LONG }
  return toImportLine(line, parseRow(row.fields, isEnded, layout, now))
}

async function* behindFirstLine(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isBehind = false
  for await (const chunk of chunks) {
    const end: number = isBehind ? 0 : chunk.indexOf(0x0a) + 1
    isBehind ||= end > 0
    if (isBehind) yield chunk.subarray(end)
  }
}
