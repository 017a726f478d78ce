import type { Entry } from '../../jobs/enqueue/producer.ts'
import type { Done } from './checkpoint.ts'
import type { ImportLine } from './read/import-line.ts'
import type { RejectedLines } from './rejected-lines.ts'
import { SeenLines } from './seen-lines.ts'

/** Reads the entries of an input from the import's state on, and counts rejected and repeated lines. */
export class EntryReader {
  readonly #skip: number
  readonly #rejectedLines: RejectedLines
  readonly #signal: AbortSignal
  readonly #seen = new SeenLines()
  #counted: { readonly rejected: number; readonly repeated: number }
  /** Lines read, from the first line of the input. */
  lines = 0
  /** Lines that were no entries, including those of an earlier process. */
  rejected: number
  /** Lines of this process that repeat an earlier line of the input. */
  repeated = 0
  /** Entries that this process passed on. */
  entriesGiven = 0
  /** Numbers of the lines of those entries that are not committed. */
  #given: number[] = []

  /**
   * @param done progress of earlier processes; their lines are skipped
   * @param signal ends the reading, even while the input is silent
   */
  constructor(done: Done, rejectedLines: RejectedLines, signal: AbortSignal) {
    this.#skip = done.lines
    this.rejected = done.rejected
    this.#counted = { rejected: done.rejected, repeated: 0 }
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
        const isDone = this.lines < this.#skip
        this.lines += 1
        const isRepeated = 'entry' in line && this.#seen.add(line.entry)
        if (isDone) continue
        if (!('entry' in line)) {
          await this.#rejectedLines.add(line.line, line.fault)
          this.rejected += 1
        } else if (isRepeated) this.repeated += 1
        else {
          this.entriesGiven += 1
          this.#given.push(line.line)
          yield line.entry
        }
      }
    } catch (error) {
      if (!this.#signal.aborted) throw error
    }
  }

  /** Gives the number of the line of an entry that is not committed; `index` counts the entries of this process from 0. */
  lineOf(index: number): number {
    return this.#given[index - (this.entriesGiven - this.#given.length)] ?? this.lines
  }

  /** Forgets the line numbers of the entries so far. */
  forgetLines(): void {
    this.#given = []
  }

  /** Gives the counts of lines that the producer has not seen, since the last call. */
  takeUncounted(): { readonly rejected: number; readonly duplicate: number } {
    const { rejected, repeated } = this.#counted
    this.#counted = { rejected: this.rejected, repeated: this.repeated }
    return { rejected: this.rejected - rejected, duplicate: this.repeated - repeated }
  }
}
