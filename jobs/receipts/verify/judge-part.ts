import { isEndSignedBy } from '../log/export-lines.ts'
import { parseHead } from '../log/head.ts'
import { isNoteSignedBy } from '../log/signed-note.ts'
import type { Finding } from './findings.ts'
import { type Part, reportTo } from './part.ts'
import type { TrustedKeys } from './trusted-keys.ts'

/**
 * Judges a part by its own end: signature, tree, head.
 *
 * @param origin name of the log to which the key belongs, where it is known
 * @returns whether all holds, and how many entries its head covers
 */
export function judgePart(
  part: Part,
  keys: TrustedKeys,
  origin: string | undefined,
  findings: Finding[],
): { isGood: boolean; head: number | null } {
  const report = reportTo(findings, part.file)
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
  const report = reportTo(findings, file)
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
