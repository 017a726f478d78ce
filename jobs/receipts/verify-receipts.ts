import { diagnose } from './diagnose.ts'
import { type BeginMark, type ClaimedLine, type EndMark, parseLine } from './exported-line.ts'
import type { ExportPart, Finding, SeenLine } from './findings.ts'
import type { ReceiptSeals } from './receipt-seals.ts'

/** The result of a check: how much of a file is genuine, and its faults. */
export interface Verification {
  /** Lines of the file that are not empty. */
  readonly lines: number
  /** Lines whose seal is genuine. */
  readonly genuine: number
  /** The exports that the file is made of, in the order of their receipts. */
  readonly exports: readonly ExportPart[]
  /** Empty where everything holds. */
  readonly findings: readonly Finding[]
}

/**
 * Verifies a file of exported receipts with nothing but the key. Finds lines that were changed, inserted or moved, and
 * receipts that were removed.
 *
 * Memory: 0.4 GB for a million lines (measured), because only all lines together show which of them stand in the wrong
 * place.
 *
 * @param lines texts of the file's lines, without line ends; `null` for a line that is no text
 */
export async function verifyReceipts(
  lines: AsyncIterable<string | null> | Iterable<string | null>,
  seals: ReceiptSeals,
): Promise<Verification> {
  const seen: SeenLine[] = []
  let number = 0
  let linkBefore: string | undefined
  let lastGenuineLink: string | undefined
  for await (const text of lines) {
    number += 1
    if (text !== null && text.trim() === '') continue
    const claimed = text === null ? undefined : parseLine(text, seals)
    seen.push(toSeen(number, claimed, linkBefore, lastGenuineLink))
    linkBefore = claimed?.link
    if (claimed !== undefined && (claimed.genuine || claimed.unproved)) lastGenuineLink = claimed.link
  }
  const { findings, exports } = diagnose(seen)
  return { lines: seen.length, genuine: seen.filter(line => line.state === 'genuine').length, exports, findings }
}

function toSeen(
  line: number,
  claimed: ClaimedLine | undefined,
  linkBefore: string | undefined,
  lastGenuineLink: string | undefined,
): SeenLine {
  if (claimed === undefined) return { line, state: 'no_receipt', seq: 0, follows: false, followsGenuine: false }
  const before = claimed.mark.begin === undefined ? linkBefore : ''
  const genuineBefore = claimed.mark.begin === undefined ? lastGenuineLink : ''
  return {
    line,
    state: claimed.genuine ? 'genuine' : claimed.unproved ? 'unproved' : 'bad',
    seq: claimed.receipt.seq,
    follows: before !== undefined && claimed.follows(before),
    followsGenuine: genuineBefore !== undefined && claimed.follows(genuineBefore),
    ...marksOf(claimed),
  }
}

function marksOf({ mark }: ClaimedLine): { begin?: BeginMark; end?: EndMark } {
  return mark
}
