import { InputFormatError } from './input-format-error.ts'
import { LINE_MAX_BYTES } from './lines.ts'

const LF = 0x0a
const QUOTE = 0x22

/** The last line of a row. */
export interface RowEnd {
  readonly line: number
  /** Whether a line break ends the row. */
  readonly isEnded: boolean
  /** Whether the row, or one before that nobody asked for, has a line that was cut. */
  readonly isTooLong: boolean
}

/**
 * Bounds the lines of a csv before they go to the parser, and finds the line of a place behind it. The parser's own count
 * is wrong where a quoted field has line breaks of Windows.
 *
 * Of a line that is too long, only the start goes to the parser. That changes no row but this one, since what is cut out
 * holds neither a line break nor a quote.
 */
export class CsvLines {
  /** Bytes passed on. */
  #passed = 0
  /** Bytes of the line so far. */
  #length = 0
  /** Lines that have ended. */
  #lines: number
  /** Places behind the ends of lines, in bytes passed on, that no row has reached. */
  #ends: number[] = []
  /** How many of them a row has reached, since the array was made. */
  #reached = 0
  #reachedLines: number
  #reachedEnd = 0
  /** Lines that were cut and that no row has reached. */
  #tooLong: number[] = []

  /** @param linesBefore number of lines before the first byte */
  constructor(linesBefore: number) {
    this.#lines = linesBefore
    this.#reachedLines = linesBefore
  }

  /**
   * Gives what goes to the parser.
   *
   * @throws {InputFormatError} when a line is too long and holds a quote where it would be cut
   */
  bound(chunk: Buffer): Buffer {
    this.#ends = this.#ends.slice(this.#reached)
    this.#reached = 0
    const kept: Buffer[] = []
    let keptTo = 0
    for (let from = 0; from < chunk.length; ) {
      const at = chunk.indexOf(LF, from)
      const to = at < 0 ? chunk.length : at
      const room = LINE_MAX_BYTES - this.#length
      if (to - from > room) {
        kept.push(chunk.subarray(keptTo, from + room))
        keptTo = to
        this.#cut(chunk.subarray(from + room, to))
        this.#passed += room
        this.#length = LINE_MAX_BYTES
      } else {
        this.#passed += to - from
        this.#length += to - from
      }
      from = to
      if (at >= 0) {
        this.#passed += 1
        this.#lines += 1
        this.#length = 0
        this.#ends.push(this.#passed)
        from += 1
      }
    }
    return kept.length === 0 ? chunk : Buffer.concat([...kept, chunk.subarray(keptTo)])
  }

  #cut(rest: Buffer): void {
    const line = this.#lines + 1
    if (rest.includes(QUOTE)) {
      throw new InputFormatError(
        `line ${line} of the csv is longer than ${LINE_MAX_BYTES} bytes, and a quote in it hides where its row ends. ` +
          'Mend the file and import it again; accounts that are in the queue are not enqueued twice.',
      )
    }
    if (this.#tooLong.at(-1) !== line) this.#tooLong.push(line)
  }

  /**
   * Finds the line of a row. Places must come in their order.
   *
   * @param end place behind the row, in bytes passed on
   */
  rowEnd(end: number): RowEnd {
    this.#reach(end)
    const isEnded = this.#reachedEnd === end
    const line = this.#reachedLines + (isEnded ? 0 : 1)
    const isTooLong = (this.#tooLong[0] ?? Number.POSITIVE_INFINITY) <= line
    if (isTooLong) this.#tooLong = this.#tooLong.filter(each => each > line)
    return { line, isEnded, isTooLong }
  }

  /** Finds the line that holds a place. */
  lineAt(place: number): number {
    this.#reach(place)
    return this.#reachedLines + 1
  }

  #reach(place: number): void {
    for (let next = this.#ends[this.#reached]; next !== undefined && next <= place; next = this.#ends[this.#reached]) {
      this.#reachedEnd = next
      this.#reached += 1
      this.#reachedLines += 1
    }
  }
}
