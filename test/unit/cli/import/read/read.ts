import type { ImportLine } from '../../../../../cli/import/read/import-line.ts'
import { readInput } from '../../../../../cli/import/read/read-input.ts'
import { describe as inWords, type ReadOptions } from '../../../../../cli/import/read/recognised.ts'
import { all, inPieces } from './bytes.ts'

/** Epoch seconds from which spans count in these tests. */
export const NOW = 1_800_000_000

/** Options of a test; the name shows no format unless the test gives one. */
export type Wanted = Partial<ReadOptions>

/** Reads a content to its end. */
export async function read(content: string | Buffer | readonly Buffer[], wanted: Wanted = {}): Promise<ImportLine[]> {
  const pieces = typeof content === 'string' || Buffer.isBuffer(content) ? [content] : content
  const { lines } = await readInput(inPieces(...pieces), { name: 'wave', now: NOW, ...wanted })
  return all(lines)
}

/** Says how a content is read. */
export async function recognise(content: string | Buffer, wanted: Wanted = {}): Promise<string> {
  return inWords((await readInput(inPieces(content), { name: 'wave', now: NOW, ...wanted })).recognised)
}

/** A line that is an entry. */
export const entry = (line: number, account: unknown): unknown => ({ line, entry: account })

/** A line that is none. */
export const fault = (line: number, text: string): unknown => ({ line, fault: text })

/** Why a last line without a line break is none. */
export const CUT_OFF = 'the last line does not end with a line break, so it may be cut off; add one'
