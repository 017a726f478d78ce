/** The check of exported files, with nothing but a public key: no Redis and no secret. */

import { isSignedBy } from '../keys/ed25519.ts'
import { type LogEntry, parseLine, toSignedText } from '../log/entry.ts'
import { isEndSignedBy } from '../log/export-lines.ts'
import { parseHead } from '../log/head.ts'
import { parseOrigin } from '../log/origin.ts'
import { isNoteSignedBy } from '../log/signed-note.ts'
import { compareParts, type GivenHead, judgeHead } from './compare-parts.ts'
import type { Finding, Verification } from './findings.ts'
import { Part } from './part.ts'
import { TotalsCounter } from './totals.ts'
import { TrustedKeys } from './trusted-keys.ts'

/** A file to be checked. */
export interface ExportFile {
  readonly name: string
  /** Opens it: gives the texts of its lines without line ends, `null` for a line that is no text. May be called twice. */
  readonly open: () => AsyncIterable<string | null> | Iterable<string | null>
}

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
  const judged = parts.map(part => judgePart(part, keys, options, findings))
  compareParts(parts, findings)
  for (const given of options.against ?? []) judgeHead(given, parts, keys, findings)
  const isTreeGood = judged.every(each => each.isGood)
  const each = options.each === true || !isTreeGood
  if (each) for (const file of files) findings.push(...(await checkEach(file, parts, keys, options.origin)))
  return {
    entries: parts.reduce((sum, part) => sum + part.entries, 0),
    parts: parts.map((part, index) => ({ ...part.describe(), head: judged[index]?.head ?? null })),
    findings: sortFindings(findings, files),
    remarks: parts.flatMap(part => part.remarks),
    each,
    totals: totals.totals,
    requests: totals.requests(),
  }
}

function sortFindings(findings: readonly Finding[], files: readonly ExportFile[]): readonly Finding[] {
  const names = files.map(({ name }) => name)
  return findings.toSorted((a, b) => names.indexOf(a.file) - names.indexOf(b.file) || a.line - b.line)
}

type ReportTo = (file: string) => ConstructorParameters<typeof Part>[2]

const reporterTo =
  (findings: Finding[]): ReportTo =>
  file =>
  (kind, line, seq, text) =>
    void findings.push({ kind, file, line, seq, text })

async function readFile(
  file: ExportFile,
  keys: TrustedKeys,
  totals: TotalsCounter,
  findings: Finding[],
): Promise<Part[]> {
  const report = reporterTo(findings)(file.name)
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

/** Judges a part by its own end: signature, tree, head. */
function judgePart(
  part: Part,
  keys: TrustedKeys,
  { origin }: VerifyOptions,
  findings: Finding[],
): { isGood: boolean; head: number | null } {
  const report = reporterTo(findings)(part.file)
  const { end } = part
  const before = findings.length
  if (end?.request === undefined || end.request === null) {
    for (const { line, seq, expected } of part.gaps) report('order', line, seq, gapInWords(seq, expected))
  }
  for (const { line, seq } of part.repeats)
    report('order', line, seq, `entry ${seq} carries a number that its sealer gave before`)
  if (end === undefined) return { isGood: false, head: null }
  if (origin !== undefined && end.origin !== origin) {
    report('foreign', end.line, null, foreignInWords(end.origin, origin))
  }
  const trusted = keys.at(end.through)
  if (!trusted.some(key => isEndSignedBy(end.text, end, key)))
    report('bad_signature', end.line, null, endInWords(end.signature))
  const root = part.end?.request === null ? part.leaves.rootAt(end.through) : part.leaves.rootAt(part.leaves.through)
  const isInTree = root?.toString('base64') === end.root
  if (!isInTree)
    report(
      'not_in_tree',
      end.line,
      null,
      'the lines are not those that were exported: they do not give its signed root',
    )
  const head = judgeOwnHead(part, keys, findings)
  return { isGood: findings.length === before && !part.isDisturbed, head }
}

const foreignInWords = (own: string, meant: string): string =>
  `it is an export of ${own}, but the key belongs to ${meant}: take the public key of the one, or an export of the other`

const endInWords = (signature: string): string =>
  signature === ''
    ? 'the exporter did not sign the export, because it found that the log in Redis does not fit together'
    : 'the end of the export is not signed with this key: it is another key, or the end was changed'

function gapInWords(seq: number, expected: number): string {
  if (seq < expected) return `entry ${seq} stands behind entry ${expected - 1}: it was moved, or put in twice`
  return seq === expected + 1
    ? `entry ${expected} is missing in front of it`
    : `entries ${expected} to ${seq - 1} are missing in front of it`
}

/** Judges the head of the log at the end of a part; gives its size. */
function judgeOwnHead({ end, leaves, file }: Part, keys: TrustedKeys, findings: Finding[]): number | null {
  if (end === undefined || end.checkpoint === null) return null
  const report = reporterTo(findings)(file)
  const note = end.checkpoint
  const head = parseHead(note)
  const isSigned =
    head !== undefined && keys.at(head.size).some(publicKey => isNoteSignedBy(note, { name: head.origin, publicKey }))
  if (!isSigned) {
    report('bad_signature', end.line, null, 'the head of the log is not signed with this key')
    return null
  }
  if (head.origin !== end.origin) report('foreign', end.line, null, `the head belongs to ${head.origin}`)
  const root = end.request === null ? leaves.rootAt(head.size) : undefined
  if (root !== undefined && !root.equals(head.root))
    report('not_in_tree', end.line, null, `the first ${head.size} entries are not those that the signed head covers`)
  return head.size
}

/** Checks the signature of each entry of a file, except those of another log than the key's. */
async function checkEach(
  { name, open }: ExportFile,
  parts: readonly Part[],
  keys: TrustedKeys,
  meant: string | undefined,
): Promise<readonly Finding[]> {
  const own = parts.filter(part => part.file === name)
  const bad: Finding[] = []
  let [number, checked] = [0, 0]
  for await (const text of open()) {
    number += 1
    const part = own.findLast(each => each.firstLine <= number)
    const origin = part?.origin ?? parts.find(each => each.origin !== undefined)?.origin ?? meant ?? ''
    const identity = parseOrigin(origin)
    const entry = text === null || (meant !== undefined && origin !== meant) ? undefined : parseLine(text)
    if (entry === undefined || identity === undefined) continue
    checked += 1
    const signature = Buffer.from(entry.signature, 'base64url')
    const signed = toSignedText(entry, identity)
    if (keys.at(entry.seq).some(key => isSignedBy(key, signed, signature))) continue
    bad.push({ kind: 'bad_signature', file: name, line: number, seq: entry.seq, text: badEntryInWords(entry.seq) })
  }
  const [first] = bad
  if (first === undefined || bad.length < checked || checked === 1) return bad
  // One wrong key is one finding, and not one for each line.
  return [{ ...first, seq: null, text: `none of the ${checked} entries is signed with this key: it is another log’s` }]
}

const badEntryInWords = (seq: number): string =>
  `entry ${seq} is not signed with the key: it was changed, put in, or signed with another key`
