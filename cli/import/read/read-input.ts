/**
 * Reads an input of accounts. A line that is misread clears the friends of the wrong person, so the content decides how
 * an input is read: its bytes show whether it is packed, its encoding and its format. Options and the name of the file may
 * only agree with them.
 *
 * What belongs in `cli/import/read/`: everything from bytes to lines. What does not: files, the queue, progress.
 */

import type { CsvLayout } from './csv-header.ts'
import { decodeStart, toUtf8 } from './decode.ts'
import { recogniseEncoding } from './encoding.ts'
import { gunzip } from './gunzip.ts'
import type { ImportLine } from './import-line.ts'
import { InputFormatError } from './input-format-error.ts'
import { peek } from './peek.ts'
import { readCsv } from './read-csv.ts'
import { readJson } from './read-json.ts'
import { readNdjson, readTxt } from './read-lines.ts'
import { formatOfNothing, type Layout, recogniseFormat } from './recognise-format.ts'
import type { ReadOptions, Recognised } from './recognised.ts'

/** Bytes of the unpacked input that show what it is: some thousand lines. */
const START_BYTES = 65_536

/**
 * Recognises what an input is from its first 64 KiB, and reads its lines. Waits for these bytes, or the end of the input.
 *
 * @param chunks the input in pieces of any size
 * @returns how the input is read, and its lines in their order. Reading them throws `InputFormatError` where the input
 *   breaks in a way that hides where a line begins.
 * @throws {InputFormatError} when the content does not show how it is to be read, or contradicts an option or the name
 */
export async function readInput(
  chunks: AsyncIterable<Buffer>,
  wanted: ReadOptions,
): Promise<{ readonly recognised: Recognised; readonly lines: AsyncIterable<ImportLine> }> {
  const { gzipped, chunks: unpacked } = await gunzip(chunks)
  const { start, isAll, chunks: whole, close } = await peek(unpacked, START_BYTES)
  try {
    const encoding = recogniseEncoding(start, wanted.encoding)
    const text = decodeStart(start, encoding)
    if (text.includes('\0')) throw new InputFormatError('the input is a binary file; expected text.')
    const seen = { encoding: encoding.label, gzipped }
    if (start.length === encoding.bomBytes)
      return { recognised: { format: formatOfNothing(wanted), ...seen }, lines: nothing(whole) }
    const layout = recogniseFormat(text, isAll, wanted)
    const lines = readLayout(toUtf8(whole, encoding), layout, wanted.now)
    return { recognised: { ...toRecognised(layout), ...seen }, lines }
  } catch (error) {
    await close()
    throw error
  }
}

/** Reads the rest of an input that is empty. */
// biome-ignore lint/correctness/useYield: it has no lines.
async function* nothing(chunks: AsyncIterable<Buffer>): AsyncGenerator<ImportLine> {
  for await (const _ of chunks);
}

function readLayout(chunks: AsyncIterable<Buffer>, layout: Layout, now: number): AsyncIterable<ImportLine> {
  switch (layout.format) {
    case 'txt':
      return readTxt(chunks, layout.isAsked)
    case 'csv':
      return readCsv(chunks, layout.csv, now)
    case 'ndjson':
      return readNdjson(chunks, now)
    case 'json':
      return readJson(chunks, now)
    default:
      return layout satisfies never
  }
}

function toRecognised(layout: Layout): Pick<Recognised, 'format' | 'delimiter' | 'columns'> {
  const { format } = layout
  if (format !== 'csv') return { format }
  const { delimiters, account, request, due }: CsvLayout = layout.csv
  const [delimiter] = delimiters
  return {
    format,
    ...(delimiter === undefined || delimiters.length > 1 ? {} : { delimiter }),
    columns: {
      account: account.name,
      ...(request === undefined ? {} : { request: request.name }),
      ...(due === undefined ? {} : { due: due.name }),
    },
  }
}
