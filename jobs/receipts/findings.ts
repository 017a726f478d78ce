import type { BeginMark, EndMark } from './exported-line.ts'

/** One fault of a file of receipts. */
export interface Finding {
  readonly kind: 'changed' | 'removed' | 'inserted' | 'moved' | 'unproved' | 'cut_off' | 'not_covered'
  /** Line of the file, from 1; for removed receipts the line behind the gap, for a cut the last one. */
  readonly line: number
  /** Number of the receipt, where it is known. */
  readonly seq: number | null
  /** The whole finding in words. */
  readonly text: string
}

/** One export in the file: it holds the receipts behind `after` up to `through` that fit its filter. */
export interface ExportPart extends BeginMark {
  /** `null` where its end is not in the file. */
  readonly through: number | null
}

/** State of one line of a file, before `diagnose` compares the lines. */
export interface SeenLine {
  /** From 1. */
  readonly line: number
  /** `bad`: has the form of a receipt, but its seal does not fit. `unproved`: the exporter did not seal it. */
  readonly state: 'genuine' | 'unproved' | 'bad' | 'no_receipt'
  readonly seq: number
  /** Whether it is tied to the line right before it. */
  readonly follows: boolean
  /** Whether it is tied to the last genuine line before it, regardless of lines in between. */
  readonly followsGenuine: boolean
  readonly begin?: BeginMark
  readonly end?: EndMark
}
