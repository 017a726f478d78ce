import { type Head, parseHead } from '../log/head.ts'
import { isNoteSignedBy } from '../log/signed-note.ts'
import type { Finding } from './findings.ts'
import type { Part } from './part.ts'
import type { TrustedKeys } from './trusted-keys.ts'

/** A head seen elsewhere. */
export interface GivenHead {
  /** From where it is, for the findings. */
  readonly name: string
  readonly note: string
}

/** Compares parts with each other: where they overlap they must be the same, and no entries may lie in none of them. */
export function compareParts(parts: readonly Part[], findings: Finding[]): void {
  const whole = parts.filter(part => part.end?.request === null || part.end === undefined)
  for (const [index, later] of whole.entries()) {
    for (const earlier of whole.slice(0, index)) compareTwo(earlier, later, parts, findings)
    const before = whole.slice(0, index)
    const reach = Math.max(0, ...before.map(part => part.leaves.through))
    const isGap = index > 0 && later.leaves.after > reach
    if (isGap) {
      const text = `entries ${reach + 1} to ${later.leaves.after} lie in none of the exports`
      findings.push({ kind: 'not_covered', file: later.file, line: later.firstLine, seq: reach + 1, text })
    }
  }
}

function compareTwo(earlier: Part, later: Part, parts: readonly Part[], findings: Finding[]): void {
  const report = (kind: Finding['kind'], seq: number, text: string): void =>
    void findings.push({ kind, file: later.file, line: later.firstLine, seq, text })
  if (earlier.origin !== undefined && later.origin !== undefined && earlier.origin !== later.origin) {
    return report(
      'foreign',
      0,
      `it is an export of ${later.origin}, and the one in line ${earlier.firstLine} of ${earlier.file} of ${earlier.origin}`,
    )
  }
  const [from, to] = [
    Math.max(earlier.leaves.after, later.leaves.after),
    Math.min(earlier.leaves.through, later.leaves.through),
  ]
  if (from > to) return
  const [one, other] = [earlier.leaves.rootAt(from), later.leaves.rootAt(from)]
  const first = one !== undefined && other?.equals(one) ? firstDifference(earlier, later, from, to) : from
  if (first === undefined) return
  if (isToldAsLost(parts, to)) return
  report(
    'fork',
    first,
    `the log has two pasts: from entry ${first} on, or before, it differs from the export in line ${earlier.firstLine} of ${earlier.file}`,
  )
}

function firstDifference(one: Part, other: Part, from: number, to: number): number | undefined {
  for (let index = from; index < to; index++) {
    if (!one.leaves.at(index).equals(other.leaves.at(index))) return index + 1
  }
  return undefined
}

/** Whether an entry of the log says that heads up to this size are lost, as after a crash of Redis. */
const isToldAsLost = (parts: readonly Part[], size: number): boolean =>
  parts.some(part => part.lost.some(each => each.size >= size))

/** Checks that the files contain what a head covers that was seen elsewhere. */
export function judgeHead(
  { name, note }: GivenHead,
  parts: readonly Part[],
  keys: TrustedKeys,
  findings: Finding[],
): void {
  const report = (kind: Finding['kind'], text: string): void =>
    void findings.push({ kind, file: name, line: 0, seq: null, text })
  const head = parseHead(note)
  if (head === undefined) return report('unreadable', 'it is no signed head of a log')
  if (!keys.all().some(publicKey => isNoteSignedBy(note, { name: head.origin, publicKey }))) {
    return report('bad_signature', 'the head is not signed with this key: it is another log’s, or was changed')
  }
  const whole = parts.filter(part => part.end?.request === null)
  const foreign = whole.find(part => part.origin !== head.origin)
  if (foreign !== undefined)
    return report('foreign', `the head belongs to ${head.origin}, the export to ${foreign.origin}`)
  const [kind, text] = judgeSize(head, whole) ?? []
  if (kind !== undefined && text !== undefined) report(kind, text)
}

function judgeSize(head: Head, whole: readonly Part[]): [Finding['kind'], string] | undefined {
  const roots = whole.flatMap(part => part.leaves.rootAt(head.size) ?? [])
  const isSame = roots.length > 0 && roots.every(root => root.equals(head.root))
  if (isSame || isToldAsLost(whole, head.size)) return undefined
  if (roots.length > 0)
    return [
      'fork',
      `the head covers ${head.size} entries, and they are not those of the export: the log was rewritten since`,
    ]
  const reach = Math.max(0, ...whole.map(part => part.leaves.through))
  if (reach < head.size)
    return ['cut_off', `the head covers ${head.size} entries, and the export ends with entry ${reach}`]
  return [
    'not_covered',
    `the export begins behind the ${head.size} entries that the head covers, so the two cannot be compared`,
  ]
}
