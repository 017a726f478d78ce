import { setImmediate as turn } from 'node:timers/promises'
import type { Entry } from '../../jobs/enqueue/producer.ts'
import type { Done } from './files/checkpoint.ts'
import type { ImportLine } from './read/import-line.ts'
import { SeenLines } from './seen-lines.ts'

/** Takes the lines that are no entries. */
export interface RejectedSink {
  add(line: number, reason: string): unknown
}

/**
 * Lines after which signals are heard and the lease is renewed. Lines that are in memory come without a turn of the
 * event loop, and a file may have millions in a row that send no batch. This many take some milliseconds.
 */
const LINES_A_TURN = 1000

/** Reads the entries of an input from the import's state on, and counts rejected and repeated lines. */
export class EntryReader {
  readonly #skip: number
  readonly #rejectedLines: RejectedSink
  readonly #signal: AbortSignal
  readonly #seen = new SeenLines()
  #uncounted = { rejected: 0, duplicate: 0 }
  /** Lines read, from the first line of the input. */
  lines = 0
  /** Entries passed on. */
  #entriesGiven = 0
  /** Numbers of the lines of those entries that are not committed. */
  #given: number[] = []

  /**
   * @param done progress so far; its lines are skipped
   * @param signal ends the reading, even while the input is silent
   */
  constructor(done: Done, rejectedLines: RejectedSink, signal: AbortSignal) {
    this.#skip = done.lines
    this.#rejectedLines = rejectedLines
    this.#signal = signal
  }

  /**
   * Passes the entries on, until the signal. It never passes on an incomplete line, since half a user id may be another
   * person's.
   */
  async *read(lines: AsyncIterable<ImportLine>): AsyncGenerator<Entry> {
    try {
      for await (const line of lines) {
        if (this.lines % LINES_A_TURN === 0) await turn()
        if (this.#signal.aborted) return
        if (!this.#count(line)) continue
        if ('entry' in line) yield line.entry
        else await this.#rejectedLines.add(line.line, line.fault)
      }
    } catch (error) {
      if (!this.#signal.aborted) throw error
    }
  }

  /** Counts a line. Answers whether it is to be passed on or listed: it is not done, and repeats none. */
  #count(line: ImportLine): boolean {
    const isDone = this.lines < this.#skip
    this.lines += 1
    const isRepeated = 'entry' in line && this.#seen.add(line.entry)
    if (isDone) return false
    if (isRepeated) this.#uncounted.duplicate += 1
    else if (!('entry' in line)) this.#uncounted.rejected += 1
    else {
      this.#entriesGiven += 1
      this.#given.push(line.line)
    }
    return !isRepeated
  }

  /** Gives the number of the line of an entry that is not committed; `index` counts the entries passed on, from 0. */
  lineOf(index: number): number {
    return this.#given[index - (this.#entriesGiven - this.#given.length)] ?? this.lines
  }

  /** Forgets the line numbers of the entries so far. */
  forgetLines(): void {
    this.#given = []
  }

  /** Gives the counts of rejected and repeated lines since the last call. */
  takeUncounted(): { readonly rejected: number; readonly duplicate: number } {
    const taken = this.#uncounted
    this.#uncounted = { rejected: 0, duplicate: 0 }
    return taken
  }
}
