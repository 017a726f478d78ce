import type { BeginMark, EndMark } from './exported-line.ts'
import type { ExportPart, Finding, SeenLine } from './findings.ts'
import { longestRise } from './longest-rise.ts'

/**
 * Finds changes to a file of exported receipts, from the states of its lines.
 *
 * Genuine lines carry their true number. Lines whose number does not rise with the others were moved, or are copies.
 * The rest is judged by pairs of neighbours. If the second line is tied to the first, the lines between them were
 * inserted. If not, the lines there were changed, and missing numbers were removed.
 */
export function diagnose(seen: readonly SeenLine[]): {
  readonly findings: readonly Finding[]
  readonly exports: readonly ExportPart[]
} {
  const genuine = seen.filter(line => line.state === 'genuine')
  const rises = longestRise(genuine.map(line => line.seq))
  const kept = genuine.filter((_, index) => rises[index])
  const displaced = genuine.filter((_, index) => !rises[index])
  const findings = [...ofDisplaced(displaced, kept), ...ofGaps(seen, kept, displaced)]
  return { findings: findings.toSorted((a, b) => a.line - b.line), exports: exportsOf(genuine) }
}

function ofDisplaced(displaced: readonly SeenLine[], kept: readonly SeenLine[]): Finding[] {
  if (displaced.length === 0) return []
  const lineOf = new Map(kept.map(line => [line.seq, line.line]))
  return displaced.map(({ line, seq }) => {
    const original = lineOf.get(seq)
    if (original === undefined) {
      lineOf.set(seq, line)
      return found('moved', line, seq, 'stands in the wrong place')
    }
    return found('inserted', line, seq, `is a copy of line ${original}`)
  })
}

/** Judges the gaps before, between and behind the lines that stand in the right place. */
function ofGaps(seen: readonly SeenLine[], kept: readonly SeenLine[], displaced: readonly SeenLine[]): Finding[] {
  const standing = new Set(kept)
  const elsewhere = sortedNumbers(displaced)
  const accounted = sortedNumbers([...displaced, ...seen.filter(isUnsealed)])
  // A line that was changed, or never sealed, still has its true mark if it is tied to the line before.
  const marked = [...displaced, ...seen.filter(line => line.state !== 'genuine' && line.follows)]
  const findings: Finding[] = []
  let begin = kept[0]?.begin ?? marked.find(line => line.begin !== undefined)?.begin
  let before: SeenLine | undefined
  let strangers: SeenLine[] = []
  let passedDisplaced = false
  for (const line of seen) {
    if (standing.has(line)) {
      begin = line.begin ?? begin
      findings.push(...ofGap({ before, line, strangers, begin, accounted, elsewhere, passedDisplaced }))
      before = line
      strangers = []
      passedDisplaced = false
    } else if (line.state === 'genuine') passedDisplaced = true
    else strangers.push(line)
  }
  const end = before?.end ?? marked.findLast(line => line.end !== undefined)?.end
  return [...findings, ...ofEnd({ before, strangers, begin, accounted }, end)]
}

/** The gap before a line that stands in the right place, or before the end of the file. */
interface Gap {
  /** The last line before the gap that stands in the right place. */
  readonly before: SeenLine | undefined
  /** Lines in the gap that are not genuine. */
  readonly strangers: readonly SeenLine[]
  /** First mark of the export that the gap belongs to; nothing where it is not known. */
  readonly begin: BeginMark | undefined
  /** Numbers found elsewhere in the file (moved or unsealed lines), so not missing. Sorted. */
  readonly accounted: Float64Array
}

interface GapBefore extends Gap {
  readonly line: SeenLine
  /** Numbers of lines that stand in the wrong place, sorted. */
  readonly elsewhere: Float64Array
  /** Whether a line that belongs elsewhere stands in the gap. */
  readonly passedDisplaced: boolean
}

function ofGap(gap: GapBefore): Finding[] {
  const { before, line, strangers, begin, accounted, elsewhere, passedDisplaced } = gap
  if (begin === undefined) return ofUnknownBeginning(gap)
  if (line.begin !== undefined && before !== undefined) return ofSeam(before, line, line.begin, strangers)
  const from = before?.seq ?? begin.after
  const missing = missingBetween(from, line.seq, accounted)
  const isTied = line.followsGenuine && (before !== undefined || line.begin !== undefined)
  if (isTied) {
    // The two lines are linked, so the gap existed before the export.
    const gone = begin.request === null ? removed(line.line, missing, 0, ' before the export was made') : []
    return [...ofStrangers(strangers, missing, 0), ...gone]
  }
  const isDisturbed = passedDisplaced || countWithin(elsewhere, from, line.seq) > 0
  if (begin.request !== null) return ofFilteredGap(gap, from, isDisturbed)
  const findings = [
    ...ofStrangers(strangers, missing, missing.count),
    ...removed(line.line, missing, strangers.length - strangers.filter(isUnsealed).length, ''),
  ]
  if (findings.length > 0 || isDisturbed) return findings
  return [found('changed', line.line, line.seq, 'is not tied to the line before: one of the two seals was changed')]
}

function ofUnknownBeginning({ before, line, strangers }: GapBefore): Finding[] {
  const findings = ofStrangers(strangers)
  if (before !== undefined || strangers.length > 0) return findings
  return [found('removed', line.line, null, 'the beginning of the export was removed before it')]
}

/** Numbers have gaps in an export of one request, so only the links between lines show that some were removed. */
function ofFilteredGap({ line, strangers }: GapBefore, from: number, isDisturbed: boolean): Finding[] {
  const findings = ofStrangers(strangers)
  if (isDisturbed || (line.follows && strangers.every(stranger => stranger.follows))) return findings
  const where = `behind receipt ${from} and before receipt ${line.seq}`
  const text = strangers.length === 0 ? `receipts ${where} were removed` : `receipts ${where} may have been removed`
  return [...findings, found('removed', line.line, null, text)]
}

/** Judges the place where one export ends and the next begins. */
function ofSeam(before: SeenLine, line: SeenLine, begin: BeginMark, strangers: readonly SeenLine[]): Finding[] {
  const findings = ofStrangers(strangers)
  const through = before.end?.through ?? before.seq
  if (begin.after <= through) return findings
  const text = `receipts ${through + 1} to ${begin.after} are in neither of the exports that meet here`
  return [...findings, found(before.end === undefined ? 'cut_off' : 'not_covered', line.line, null, text)]
}

function ofEnd({ before, strangers, begin, accounted }: Gap, end: EndMark | undefined): Finding[] {
  if (end === undefined) return ofCut(before, strangers)
  const missing = missingBetween(before?.seq ?? begin?.after ?? 0, end.through + 1, accounted)
  if (begin?.request !== null) return ofStrangers(strangers, missing, before?.end === undefined ? strangers.length : 0)
  const places = before?.end === undefined ? missing.count : 0
  const behind = (strangers.at(-1)?.line ?? before?.line ?? 0) + 1
  return [
    ...ofStrangers(strangers, missing, places),
    ...removed(behind, missing, Math.min(places, strangers.length - strangers.filter(isUnsealed).length), ''),
  ]
}

function ofCut(before: SeenLine | undefined, strangers: readonly SeenLine[]): Finding[] {
  const tail = strangers.at(-1)
  const isHalf = tail?.state === 'no_receipt'
  const text = isHalf ? 'is no whole receipt; the file was cut off here' : 'is the last, but the export went on'
  const line = tail?.line ?? before?.line ?? 0
  return [
    ...ofStrangers(isHalf ? strangers.slice(0, -1) : strangers),
    found('cut_off', line, null, `${text}, or it was interrupted`),
  ]
}

/** Judges lines that are not genuine: up to `places` of them stand for missing lines, the others were put in. */
function ofStrangers(
  strangers: readonly SeenLine[],
  missing: Missing | undefined = undefined,
  places: number = strangers.length,
): Finding[] {
  const fits = ({ seq }: SeenLine): boolean => missing === undefined || (seq >= missing.first && seq <= missing.last)
  const inPlace = new Set([...strangers.filter(fits), ...strangers.filter(line => !fits(line))].slice(0, places))
  return strangers.map(stranger => {
    const { line, state, seq } = stranger
    if (isUnsealed(stranger)) {
      return found('unproved', line, seq, 'was not sealed when it was exported: Redis held no proof of it')
    }
    const number = state === 'no_receipt' ? null : seq
    if (!inPlace.has(stranger)) return found('inserted', line, number, 'was put in: no export had a line here')
    return found('changed', line, number, state === 'no_receipt' ? 'is no receipt any more' : 'does not fit its seal')
  })
}

/** Whether the exporter itself left the line unsealed; otherwise its seal was taken away later. */
const isUnsealed = ({ state, follows }: SeenLine): boolean => state === 'unproved' && follows

const sortedNumbers = (lines: readonly SeenLine[]): Float64Array =>
  Float64Array.from(new Set(lines.map(line => line.seq))).sort()

/** Numbers that no line of the file has. */
interface Missing {
  readonly first: number
  readonly last: number
  /** How many numbers from the first to the last are missing. */
  readonly count: number
}

function missingBetween(from: number, to: number, accounted: Float64Array): Missing {
  let first = from + 1
  let last = to - 1
  while (first <= last && countWithin(accounted, first - 1, first + 1) > 0) first += 1
  while (first <= last && countWithin(accounted, last - 1, last + 1) > 0) last -= 1
  return { first, last, count: Math.max(0, last - first + 1) - countWithin(accounted, first - 1, last + 1) }
}

/** Counts the numbers between two bounds, both exclusive. */
const countWithin = (sorted: Float64Array, from: number, to: number): number =>
  Math.max(0, countBelow(sorted, to) - countBelow(sorted, from + 1))

function countBelow(sorted: Float64Array, bound: number): number {
  let from = 0
  for (let to = sorted.length; from < to; ) {
    const middle = Math.floor((from + to) / 2)
    if ((sorted[middle] ?? 0) < bound) from = middle + 1
    else to = middle
  }
  return from
}

/** Reports missing receipts, except for those in whose place changed lines stand. */
function removed(line: number, { first, last, count }: Missing, changed: number, when: string): Finding[] {
  const gone = count - changed
  if (gone <= 0) return []
  const isAll = gone === last - first + 1
  const span = first === last ? `receipt ${first}` : `${isAll ? '' : `${gone} of `}receipts ${first} to ${last}`
  const text = `before line ${line}: ${span} ${gone === 1 ? 'was' : 'were'} removed${when}`
  return [{ kind: 'removed', line, seq: isAll ? first : null, text }]
}

const found = (kind: Finding['kind'], line: number, seq: number | null, text: string): Finding => ({
  kind,
  line,
  seq,
  text: seq === null ? `line ${line}: ${text}` : `line ${line}, receipt ${seq}: ${text}`,
})

function exportsOf(genuine: readonly SeenLine[]): ExportPart[] {
  const parts: { begin: BeginMark; through: number | null }[] = []
  for (const { begin, end } of genuine.toSorted((a, b) => a.seq - b.seq)) {
    if (begin !== undefined) parts.push({ begin, through: null })
    const part = parts.at(-1)
    if (part !== undefined && end !== undefined) part.through = end.through
  }
  return parts.map(({ begin, through }) => ({ ...begin, through }))
}
