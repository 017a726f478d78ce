import { CLOCKS_APART_MS, type LogEntry, leafIn, parseLine, toMissingLeaf } from '../log/entry.ts'
import { type BeginLine, type EndLine, parseBeginLine, parseEndLine } from '../log/export-lines.ts'
import { CompactRange, leafHash } from '../log/merkle.ts'
import { rangesOf } from '../log/ranges.ts'
import { SealerNumbers } from '../log/sealer-numbers.ts'
import type { ExportPart, Finding } from './findings.ts'
import { LeafHashes } from './leaf-hashes.ts'

type Report = (kind: Finding['kind'], line: number, seq: number | null, text: string) => void

/** Gives a function that adds findings of one file. */
export const reportTo =
  (findings: Finding[], file: string): Report =>
  (kind, line, seq, text) =>
    void findings.push({ kind, file, line, seq, text })

/** A file to be checked. */
export interface ExportFile {
  readonly name: string
  /** Opens it: gives the texts of its lines without line ends, `null` for a line that is no text. May be called twice. */
  readonly open: () => AsyncIterable<string | null> | Iterable<string | null>
}

/** A head that entries of the log call lost. */
export interface LostUpTo {
  readonly size: number
}

/** One export in a file, read line by line. */
export class Part {
  readonly file: string
  readonly firstLine: number
  readonly #report: Report
  #begin: BeginLine | undefined
  #leaves = new LeafHashes(new CompactRange())
  /** Roots of an export of one request are over its own lines. */
  #numbers = new SealerNumbers()
  #lastSeq = 0
  #lastLine: number
  /** Lines that stand for entries of which a person has taken note as missing. */
  readonly #missing: { readonly line: number; readonly seq: number }[] = []
  #acknowledged = 0
  end: (EndLine & { readonly line: number; readonly text: string }) | undefined
  readonly lost: LostUpTo[] = []
  readonly remarks: string[] = []
  entries = 0
  /** Whether a line could not be taken in, so that the tree cannot fit either. */
  isDisturbed = false

  constructor(file: string, firstLine: number, report: Report) {
    this.file = file
    this.firstLine = firstLine
    this.#lastLine = firstLine
    this.#report = report
  }

  get leaves(): LeafHashes {
    return this.#leaves
  }

  get lastLine(): number {
    return this.#lastLine
  }

  /** Origin of the log, as the part itself says. */
  get origin(): string | undefined {
    return this.end?.origin ?? this.#begin?.origin
  }

  /** Takes in a line; gives its entry, if it is one. `isOver` is set by the last line. */
  read(text: string | null, line: number): LogEntry | undefined {
    this.#lastLine = line
    if (text === null) return this.#refuse(line, 'the line is no text in UTF-8')
    const begin = text.startsWith('{"v":2,"kind":"begin"') ? parseBeginLine(text) : undefined
    if (begin !== undefined) return this.#start(begin, line)
    const end = text.startsWith('{"v":2,"kind":"head"') ? parseEndLine(text) : undefined
    if (end !== undefined) return this.#finish(end, line, text)
    const missing = /^\{"v":2,"kind":"missing","seq":([1-9]\d{0,15})\}$/.exec(text)?.[1]
    if (missing !== undefined) return this.#takeMissing(Number(missing), line)
    const entry = parseLine(text)
    if (entry === undefined)
      return this.#refuse(
        line,
        'the line is no entry as an export holds it: it was cut, changed, or joined with another',
      )
    this.#take(entry, leafIn(text), line)
    return entry
  }

  describe(): ExportPart {
    return {
      ...{ file: this.file, origin: this.origin ?? null, after: this.end?.after ?? this.#leaves.after },
      ...{ through: this.end?.through ?? null, request: this.end?.request ?? null, head: null },
    }
  }

  /** Reports what shows only at the end of the part. */
  close(): void {
    if (this.end === undefined) {
      this.#report('cut_off', this.#lastLine, null, 'the end of the export is missing: it was cut off, or interrupted')
    }
    // In an export of one request numbers have gaps.
    if (this.end?.request === null || this.end === undefined) this.#reportHoles()
    for (const { line, seq } of this.#missing.filter(each => each.seq > this.#acknowledged)) {
      this.#report('hole', line, seq, `entry ${seq} is missing, and no person has taken note of it`)
    }
  }

  #reportHoles(): void {
    for (const [sealer, missing] of Map.groupBy(this.#numbers.missing, each => each.sealer)) {
      for (const [from, to] of rangesOf(missing.map(({ n }) => n))) {
        const what =
          from === to ? `entry ${from} of sealer ${sealer} was` : `entries ${from} to ${to} of sealer ${sealer} were`
        this.#report('hole', this.#lastLine, null, `${what} taken out before the export was made`)
      }
    }
  }

  #start(begin: BeginLine, line: number): undefined {
    if (this.entries > 0 || this.#begin !== undefined || this.#missing.length > 0)
      return this.#refuse(line, 'the line begins another export, in the middle of one')
    this.#begin = begin
    try {
      const hashes = begin.range.map(each => Buffer.from(each, 'base64'))
      this.#leaves = new LeafHashes(new CompactRange(begin.after, hashes))
    } catch {
      return this.#refuse(line, 'the line says of the tree in front of it what cannot be')
    }
    this.#numbers.forget()
    this.#lastSeq = begin.after
    return undefined
  }

  #finish(end: EndLine, line: number, text: string): undefined {
    this.end = { ...end, line, text }
    if (end.request !== null) return undefined
    if (end.after !== this.#leaves.after)
      this.#report('order', line, null, `the export begins behind ${this.#leaves.after}, but its end says ${end.after}`)
    if (end.through !== this.#lastSeq)
      this.#report(
        'cut_off',
        line,
        null,
        `entries ${this.#lastSeq + 1} to ${end.through} are missing in front of the end`,
      )
    return undefined
  }

  #take(entry: LogEntry, leaf: string, line: number): void {
    this.entries += 1
    const expected = this.#lastSeq + 1
    // Whether numbers may have gaps is known at the end only: an export of one request is judged by its own tree.
    if (entry.seq !== expected) this.gaps.push({ line, seq: entry.seq, expected })
    this.#lastSeq = Math.max(this.#lastSeq, entry.seq)
    this.#leaves.append(leafHash(leaf))
    if (Math.abs(entry.at - entry.by.time) > CLOCKS_APART_MS) {
      this.#report('time', line, entry.seq, 'has another time than its sealer gave it')
    }
    if (this.#numbers.add(entry.by, entry.at) === 'twice') this.repeats.push({ line, seq: entry.seq })
    this.#note(entry)
  }

  /** Places where the number is not the next one. */
  readonly gaps: { readonly line: number; readonly seq: number; readonly expected: number }[] = []
  readonly repeats: { readonly line: number; readonly seq: number }[] = []

  #note(entry: LogEntry): void {
    if (entry.kind === 'lost') {
      this.#numbers.lose(entry.by.sealer, entry.says.numbers)
      this.remarks.push(lostInWords(entry))
    }
    if (entry.kind === 'acknowledged') {
      this.#numbers.forget()
      this.#acknowledged = Math.max(this.#acknowledged, entry.says.through)
      this.lost.push({ size: Math.max(entry.says.through, entry.says.head?.size ?? 0) })
      this.remarks.push(
        `entry ${entry.seq}: a person took note of faults up to entry ${entry.says.through}: ${entry.says.reason}`,
      )
    }
    if (entry.kind === 'lost' && entry.says.head !== null) this.lost.push(entry.says.head)
    if (entry.kind === 'trim')
      this.remarks.push(`entry ${entry.seq}: entries up to ${entry.says.through} were trimmed as too old`)
  }

  #takeMissing(seq: number, line: number): undefined {
    if (seq !== this.#lastSeq + 1) this.gaps.push({ line, seq, expected: this.#lastSeq + 1 })
    this.#lastSeq = Math.max(this.#lastSeq, seq)
    this.#leaves.append(leafHash(toMissingLeaf(seq)))
    this.#missing.push({ line, seq })
    return undefined
  }

  #refuse(line: number, text: string): undefined {
    this.isDisturbed = true
    this.#report('unreadable', line, null, text)
    return undefined
  }
}

function lostInWords({ seq, by, says }: LogEntry & { readonly kind: 'lost' }): string {
  const count = says.numbers.reduce((sum, [from, to]) => sum + to - from + 1, 0)
  const what = [
    ...(count > 0 ? [`${count} entries of sealer ${by.sealer}`] : []),
    ...(says.head === null ? [] : [`the head of ${says.head.size} entries`]),
  ]
  return `entry ${seq}: Redis lost ${what.join(' and ')} in a restart`
}
