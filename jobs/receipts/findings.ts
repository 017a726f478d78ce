import type { BeginMark, EndMark } from './exported-line.ts'

/** One thing that is wrong with a file of receipts. */
export interface Finding {
  readonly kind: 'changed' | 'removed' | 'inserted' | 'moved' | 'unproved' | 'cut_off' | 'not_covered'
  /** Line of the file, from 1; for what is removed, the line behind the gap, and for a cut the last one. */
  readonly line: number
  /** Number of the receipt, where it can be told. */
  readonly seq: number | null
  /** The whole of it in words. */
  readonly text: string
}

/** One export in the file: complete behind `after` up to `through`, for what fits its filter. */
export interface ExportPart extends BeginMark {
  /** `null` where its end is not in the file. */
  readonly through: number | null
}

/** What one line of a file is, as far as it can be told without the others. */
export interface SeenLine {
  /** From 1. */
  readonly line: number
  /** `bad`: has the form of a receipt, its seal does not fit. `unproved`: the exporter did not seal it. */
  readonly state: 'genuine' | 'unproved' | 'bad' | 'no_receipt'
  readonly seq: number
  /** Tied to the line right before it. */
  readonly follows: boolean
  /** Tied to the last genuine line before it, whatever stands in between. */
  readonly followsGenuine: boolean
  readonly begin?: BeginMark
  readonly end?: EndMark
}
