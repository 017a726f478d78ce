import { isUtf8 } from 'node:buffer'
import { InputFormatError } from './input-format-error.ts'

/** A line of a text file, numbered from 1. `text` is `null` if the line is no text; `fault` then says why. */
export interface Line {
  readonly number: number
  readonly text: string | null
  readonly fault: string
  /** Whether a line break ends it. Only the last line of an input may have none, and may then be cut off. */
  readonly isEnded: boolean
}

/** No line of any format is longer. Without a bound one line could fill the memory. */
export const LINE_MAX_BYTES = 65_536

/** Fault of a line that is longer. */
export const TOO_LONG: string = `the line is longer than ${LINE_MAX_BYTES} bytes`

/** Fault of a last line without a line break: half a user id may be another person's. */
export const MAYBE_CUT_OFF = 'the last line does not end with a line break, so it may be cut off; add one'

const LF = 0x0a
const CR = 0x0d
const BOM = '\uFEFF'

/**
 * Splits bytes into lines. LF or CR LF ends a line; a byte-order mark at the start is cut off. A line that is too long
 * or not UTF-8 comes with `text: null`, and the lines after it are read as usual.
 *
 * @param chunks the input in pieces of any size
 * @throws {InputFormatError} when the first chunk holds a NUL byte, as binary files do
 */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  for await (const lines of splitChunks(chunks)) yield* lines
}

/** Gives the lines of {@link splitLines} in groups, each of those that end in a chunk, which costs less for each. */
export async function* splitChunks(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly Line[]> {
  let number = 0
  let rest: Buffer = Buffer.alloc(0)
  let tooLong = false
  for await (const chunk of refuseBinary(chunks)) {
    const lines: Line[] = []
    let from = 0
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, from)) {
      const part = chunk.subarray(from, at)
      const bytes: Buffer = rest.length === 0 ? part : Buffer.concat([rest, part])
      lines.push(toLine(++number, bytes, tooLong, true))
      rest = Buffer.alloc(0)
      tooLong = false
      from = at + 1
    }
    const tail = chunk.subarray(from)
    if (rest.length + tail.length > LINE_MAX_BYTES) {
      tooLong = true
      rest = Buffer.alloc(0)
    } else if (tail.length > 0) {
      rest = Buffer.concat([rest, tail])
    }
    yield lines
  }
  if (rest.length > 0 || tooLong) yield [toLine(++number, rest, tooLong, false)]
}

function toLine(number: number, bytes: Buffer, tooLong: boolean, isEnded: boolean): Line {
  if (tooLong || bytes.length > LINE_MAX_BYTES) return { number, text: null, fault: TOO_LONG, isEnded }
  const content = bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes
  if (!isUtf8(content)) return { number, text: null, fault: 'the line is not valid UTF-8', isEnded }
  const text = content.toString('utf8')
  return { number, text: number === 1 && text.startsWith(BOM) ? text.slice(1) : text, fault: '', isEnded }
}

async function* refuseBinary(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let first = true
  for await (const chunk of chunks) {
    if (first && chunk.includes(0)) throw new InputFormatError('the input is a binary file; expected text in UTF-8')
    first = false
    yield chunk
  }
}
