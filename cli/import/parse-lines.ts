import type { ImportLine } from './read/import-line.ts'
import { readInput } from './read/read-input.ts'
import { describe, type ReadOptions } from './read/recognised.ts'

/** Lines of an input, and how they are read, in words. */
export interface ParsedLines {
  /** Such as `csv, ";", UTF-16, column user_id`. */
  readonly described: string
  readonly lines: AsyncIterable<ImportLine>
}

/**
 * Parses the bytes of an input into lines.
 *
 * @returns nothing after the signal
 * @throws {InputFormatError} when the input as a whole does not fit
 */
export async function parseLines(
  chunks: AsyncIterable<Buffer>,
  wanted: ReadOptions,
  signal: AbortSignal,
): Promise<ParsedLines | undefined> {
  try {
    const { recognised, lines } = await readInput(chunks, wanted)
    return { described: describe(recognised), lines }
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}
