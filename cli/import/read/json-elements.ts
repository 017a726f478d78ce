import { InputFormatError } from './input-format-error.ts'
import { LINE_MAX_BYTES } from './lines.ts'

/** An element of a JSON array, as it stands in the input. */
export interface Element {
  /** Line on which the element begins, from 1. */
  readonly line: number
  /** Place in the array, from 1. */
  readonly number: number
  readonly bytes: Buffer
}

const [QUOTE, COMMA, BACKSLASH, LF] = [0x22, 0x2c, 0x5c, 0x0a]
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]
const isSpace = (byte: number): boolean => byte === 0x20 || byte === LF || byte === 0x0d || byte === 0x09

/**
 * Splits the elements out of a JSON array, without parsing them.
 *
 * The scanner goes through four places: before the array, where an element begins, within an element, behind the array.
 * An element ends at a comma or bracket that is in no string and no brackets of its own.
 */
export class ElementScanner {
  #place: 'before' | 'begin' | 'within' | 'behind' = 'before'
  #line = 1
  #number = 0
  /** Line on which the element begins. */
  #elementLine = 1
  /** Parts of the element in chunks before this one. */
  #parts: Buffer[] = []
  #partBytes = 0
  #depth = 0
  #isInString = false
  #isEscaped = false

  /** Checks that the array has ended. */
  end(): void {
    if (this.#place !== 'behind') throw this.#broken('the input ends before the array does, so it may be cut off')
  }

  /**
   * Gives the elements that end in this chunk.
   *
   * @throws {InputFormatError} when the text is no array, or an element is too long, which a missing quote may be the cause
   *   of: then it is not certain where the next element begins
   */
  *scan(chunk: Buffer): Generator<Element> {
    let from = 0
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0
      if (byte === LF) this.#line += 1
      if (this.#place !== 'within') {
        if (isSpace(byte) || !this.#beginsAt(byte)) continue
        from = at
      }
      if (!this.#endsAt(byte)) continue
      yield this.#take(chunk.subarray(from, at))
      this.#place = byte === COMMA ? 'begin' : 'behind'
    }
    if (this.#place === 'within') this.#keep(chunk.subarray(from))
  }

  /** Makes the error for an array that breaks at an element. */
  brokenAt({ line, number }: Element): InputFormatError {
    return this.#broken(`element ${number} is no JSON`, line)
  }

  /** Whether an element begins with this byte, which stands outside of all elements. */
  #beginsAt(byte: number): boolean {
    if (this.#place === 'behind') throw this.#broken('there is something behind the end of the array')
    if (this.#place === 'before') {
      if (byte !== OPEN_ARRAY) throw this.#broken('there is no array')
      this.#place = 'begin'
      return false
    }
    if (byte === CLOSE_ARRAY && this.#number === 0) {
      this.#place = 'behind'
      return false
    }
    if (byte === COMMA || byte === CLOSE_ARRAY) throw this.#broken('there is a comma without an element')
    this.#place = 'within'
    this.#number += 1
    this.#elementLine = this.#line
    return true
  }

  /** Whether the element ends before this byte. */
  #endsAt(byte: number): boolean {
    if (this.#isEscaped) this.#isEscaped = false
    else if (this.#isInString) {
      if (byte === BACKSLASH) this.#isEscaped = true
      else if (byte === QUOTE) this.#isInString = false
    } else if (byte === QUOTE) this.#isInString = true
    else if (this.#depth === 0 && (byte === COMMA || byte === CLOSE_ARRAY)) return true
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) this.#depth += 1
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) this.#depth -= 1
    return false
  }

  #take(last: Buffer): Element {
    this.#keep(last)
    const bytes = this.#parts.length === 1 ? last : Buffer.concat(this.#parts)
    this.#parts = []
    this.#partBytes = 0
    return { line: this.#elementLine, number: this.#number, bytes }
  }

  #keep(part: Buffer): void {
    this.#parts.push(part)
    this.#partBytes += part.length
    if (this.#partBytes <= LINE_MAX_BYTES) return
    throw this.#broken(
      `element ${this.#number} is longer than ${LINE_MAX_BYTES} bytes, or a quote is missing`,
      this.#elementLine,
    )
  }

  #broken(what: string, line = this.#line): InputFormatError {
    return new InputFormatError(
      `the JSON array breaks at line ${line}: ${what}. Mend the file and import it again; accounts that are in the queue ` +
        'are not enqueued twice.',
    )
  }
}
