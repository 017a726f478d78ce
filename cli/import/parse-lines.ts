import type { ImportState } from './checkpoint.ts'
import { gunzip } from './gunzip.ts'
import type { ImportLine } from './import-line.ts'
import { readEntries } from './read-entries.ts'

/** Lines of an input, and how they are read, in words. */
export interface ParsedLines {
  readonly described: string
  readonly lines: AsyncIterable<ImportLine>
}

/**
 * Parses the bytes of an input into lines.
 *
 * @param name of the input
 * @param startedAt epoch seconds from which spans such as `7d` count
 * @throws {InputFormatError} when the input as a whole does not fit
 */
export async function parseLines(
  chunks: AsyncIterable<Buffer>,
  _name: string,
  { format, column }: ImportState['options']['read'],
  startedAt: number,
): Promise<ParsedLines> {
  const described = format === 'csv' ? `csv, column ${column}` : format
  return { described, lines: readEntries(gunzip(chunks), format, column, startedAt) }
}
