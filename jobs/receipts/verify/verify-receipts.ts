/** The check of exported files, with nothing but a public key: no Redis and no secret. */

import type { LogEntry } from '../log/entry.ts'
import { checkSignatures } from './check-signatures.ts'
import { compareParts, type GivenHead, judgeHead } from './compare-parts.ts'
import type { AccountTotals, Finding, Verification } from './findings.ts'
import { judgePart } from './judge-part.ts'
import { type ExportFile, Part, reportTo } from './part.ts'
import { TotalsCounter } from './totals.ts'
import { TrustedKeys } from './trusted-keys.ts'

/** What is checked besides the files themselves. */
export interface VerifyOptions {
  /** Public key that the reader trusts, raw. */
  readonly publicKey: Buffer
  /** Name of the log for which it was given out; a file of another log is foreign. */
  readonly origin?: string | undefined
  /** Heads seen elsewhere, which the files must contain. */
  readonly against?: readonly GivenHead[]
  /** Whether to check the signature of each entry too. Default: only where the tree does not fit. */
  readonly each?: boolean
}

/**
 * Verifies exports. Says which line was changed, which entries are missing, whether two files contradict each other, and
 * what the receipts add up to.
 *
 * The signed tree proves all lines at once. Only where it does not fit are the signatures of the entries checked one by
 * one, to find the line.
 */
export async function verifyReceipts(files: readonly ExportFile[], options: VerifyOptions): Promise<Verification> {
  const findings: Finding[] = []
  const keys = new TrustedKeys([options.publicKey])
  const totals = new TotalsCounter()
  const parts: Part[] = []
  for (const file of files) parts.push(...(await readFile(file, keys, totals, findings)))
  const judged = parts.map(part => judgePart(part, keys, options.origin, findings))
  compareParts(parts, findings)
  for (const given of options.against ?? []) judgeHead(given, parts, keys, findings)
  const isTreeGood = judged.every(each => each.isGood)
  const each = options.each === true || !isTreeGood
  if (each) for (const file of files) findings.push(...(await checkSignatures(file, parts, keys, options.origin)))
  return {
    entries: parts.reduce((sum, part) => sum + part.entries, 0),
    parts: parts.map((part, index) => ({ ...part.describe(), head: judged[index]?.head ?? null })),
    findings: sortFindings(findings, files),
    remarks: parts.flatMap(part => part.remarks),
    each,
    totals: allTotals(totals, parts),
    requests: totals.requests(),
  }
}

function sortFindings(findings: readonly Finding[], files: readonly ExportFile[]): readonly Finding[] {
  const names = files.map(({ name }) => name)
  return findings.toSorted((a, b) => names.indexOf(a.file) - names.indexOf(b.file) || a.line - b.line)
}

/** Where earlier entries or other requests are not in the files, accounts may have been accepted there. */
function allTotals(totals: TotalsCounter, parts: readonly Part[]): AccountTotals {
  const isWhole = parts[0]?.leaves.after === 0 && parts.every(({ end }) => end === undefined || end.request === null)
  return isWhole ? totals.all() : { ...totals.all(), accepted: null, pending: null }
}

async function readFile(
  file: ExportFile,
  keys: TrustedKeys,
  totals: TotalsCounter,
  findings: Finding[],
): Promise<Part[]> {
  const report = reportTo(findings, file.name)
  const parts: Part[] = []
  const changes: LogEntry[] = []
  let part: Part | undefined
  let number = 0
  for await (const text of file.open()) {
    number += 1
    if (text !== null && text.trim() === '') continue
    part ??= new Part(file.name, number, report)
    const entry = part.read(text, number)
    if (entry?.kind === 'receipt') totals.receipt(entry.seq, entry.says)
    if (entry?.kind === 'accepted') totals.accepted(entry.seq, entry.says)
    if (entry?.kind === 'key') changes.push(entry)
    if (part.end === undefined) continue
    parts.push(part)
    part = undefined
  }
  if (part !== undefined) parts.push(part)
  for (const entry of changes) keys.change(entry, parts.find(each => each.origin !== undefined)?.origin ?? '')
  for (const each of parts) each.close()
  return parts
}
