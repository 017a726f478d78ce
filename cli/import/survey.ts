import type { Entry } from '../../jobs/enqueue/producer.ts'
import { InterruptedError } from '../interrupted-error.ts'
import { count, counted } from '../words.ts'
import { EntryReader } from './entry-reader.ts'
import { NOTHING_DONE } from './files/checkpoint.ts'
import type { ParsedLines } from './parse-lines.ts'

/** What the first reading of an input has found. `lines = accounts + repeated + rejected`. */
export interface Survey {
  /** How the input is read, such as `csv, column user_id`. */
  readonly described: string
  readonly lines: number
  /** Lines with an account that repeat no line before. */
  readonly accounts: number
  readonly repeated: number
  readonly rejected: number
  /** Rejected lines by their reason, with the number of the first of them. */
  readonly reasons: ReadonlyMap<string, { readonly lines: number; readonly first: number }>
  /** Accounts with white space at an end. It counts as a part of them, and often was not meant to. */
  readonly spaced: { readonly accounts: number; readonly firstLine: number }
  /** The first accounts, of which no more shows than the first character and the length. */
  readonly masked: readonly string[]
}

const MASKED_ACCOUNTS = 3
/** Reasons may hold figures, so a file could have a reason for each line. */
const REASONS_AT_MOST = 20
const TELL_EVERY = 1000

/**
 * Reads an input to its end, as the import will read it. All faults of the input as a whole show now, before anything
 * is enqueued.
 *
 * @param onLines called now and then with the number of lines read
 * @throws {InputFormatError} when the input as a whole does not fit
 * @throws {ImportFileError} when the input cannot be read
 * @throws {InterruptedError} at the signal
 */
export async function survey(
  { described, lines }: ParsedLines,
  signal: AbortSignal,
  onLines: (lines: number) => void,
): Promise<Survey> {
  const rejects = new RejectCounts()
  const reader = new EntryReader(NOTHING_DONE, rejects, signal)
  const masked: string[] = []
  let accounts = 0
  let spaced = { accounts: 0, firstLine: 0 }
  for await (const entry of reader.read(lines)) {
    accounts += 1
    if (isSpaced(entry)) {
      spaced = { accounts: spaced.accounts + 1, firstLine: spaced.firstLine || reader.lineOf(accounts - 1) }
    }
    if (masked.length < MASKED_ACCOUNTS) masked.push(mask(entry))
    if (accounts % TELL_EVERY !== 0) continue
    reader.forgetLines()
    onLines(reader.lines)
  }
  if (signal.aborted) throw new InterruptedError('interrupted before anything was enqueued')
  const { duplicate: repeated, rejected } = reader.takeUncounted()
  return { described, lines: reader.lines, accounts, repeated, rejected, reasons: rejects.byReason, spaced, masked }
}

class RejectCounts {
  readonly byReason = new Map<string, { lines: number; first: number }>()

  add(line: number, reason: string): void {
    const known = this.byReason.has(reason) || this.byReason.size < REASONS_AT_MOST ? reason : 'other reasons'
    const { lines, first } = this.byReason.get(known) ?? { lines: 0, first: line }
    this.byReason.set(known, { lines: lines + 1, first })
  }
}

/** Says in one line what is read, and in another what a person should look at. */
export function described({ described, lines, spaced }: Survey): string[] {
  const what = `${described}, ${counted(lines, 'line')}`
  if (spaced.accounts === 0) return [what]
  const subject = `${counted(spaced.accounts, 'account')}, the first in line ${count(spaced.firstLine)}`
  return [what, `look at ${subject}: white space at an end counts as a part of an account, and nothing is trimmed`]
}

const accountOf = (entry: Entry): string => (typeof entry === 'string' ? entry : entry.account)

function isSpaced(entry: Entry): boolean {
  const account = accountOf(entry)
  return account.length !== account.trim().length
}

function mask(entry: Entry): string {
  const characters = [...accountOf(entry)]
  return `${characters[0] ?? ''}… (${characters.length} characters)`
}
