import type { Entry } from '../../jobs/enqueue/producer.ts'
import type { Done } from './checkpoint.ts'
import type { ImportLine } from './import-line.ts'
import type { RejectedLines } from './rejected-lines.ts'
import { SeenLines } from './seen-lines.ts'

/** Reads the entries of an input from where an import stands, and counts what becomes of the other lines. */
export class EntryReader {
  readonly #skip: number
  readonly #rejectedLines: RejectedLines
  readonly #signal: AbortSignal
  readonly #seen = new SeenLines()
  #counted: { readonly rejected: number; readonly repeated: number }
  /** Lines read, from the first line of the input. */
  lines = 0
  /** Lines that were no entries; those that an earlier process read are in it. */
  rejected: number
  /** Lines that say what an earlier line of the input said. Only of this process. */
  repeated = 0
  /** Entries that were passed on by this process. */
  entriesGiven = 0

  /**
   * @param done what an earlier process has done; its lines are skipped
   * @param signal ends the reading, even while the input has nothing to give
   */
  constructor(done: Done, rejectedLines: RejectedLines, signal: AbortSignal) {
    this.#skip = done.lines
    this.rejected = done.rejected
    this.#counted = { rejected: done.rejected, repeated: 0 }
    this.#rejectedLines = rejectedLines
    this.#signal = signal
  }

  /**
   * Passes the entries on. Ends at the signal; a line that has not come whole is not passed on, since half a user id may
   * be somebody else's.
   */
  async *read(lines: AsyncIterable<ImportLine>): AsyncGenerator<Entry> {
    try {
      for await (const line of lines) {
        const isDone = this.lines < this.#skip
        this.lines += 1
        const isRepeated = 'entry' in line && this.#seen.add(line.entry)
        if (isDone) continue
        if (!('entry' in line)) await this.#reject(line.line, line.fault)
        else if (isRepeated) this.repeated += 1
        else {
          this.entriesGiven += 1
          yield line.entry
        }
      }
    } catch (error) {
      if (!this.#signal.aborted) throw error
    }
  }

  /** What became of lines, since it was asked last, that the producer has not seen. */
  takeUncounted(): { readonly rejected: number; readonly duplicate: number } {
    const growth = {
      rejected: this.rejected - this.#counted.rejected,
      duplicate: this.repeated - this.#counted.repeated,
    }
    this.#counted = { rejected: this.rejected, repeated: this.repeated }
    return growth
  }

  async #reject(line: number, fault: string): Promise<void> {
    await this.#rejectedLines.add(line, fault)
    this.rejected += 1
  }
}
