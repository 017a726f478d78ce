import type { ExportPart, Finding, RequestTotals, Totals, Verification } from '../../jobs/receipts/verify/findings.ts'
import type { Shell } from '../shell.ts'
import { count, counted } from '../words.ts'

/** More findings of one kind are summed up: one change can make a thousand lines unfit. */
const SHOWN = 100

/** Prints the findings first, then what the files hold and what they do not cover. */
export function describe(
  { entries, parts, findings, remarks, each, totals, requests }: Verification,
  { print, say }: Shell,
): void {
  if (entries === 0 && findings.length === 0)
    return say('the file is empty: it proves nothing, not even that there are no receipts')
  print(findings.slice(0, SHOWN).map(describeFinding))
  if (findings.length > SHOWN) print(`… and ${count(findings.length - SHOWN)} more findings`)
  print(remarks.slice(0, SHOWN))
  print(
    `${counted(entries, 'entry').replace('entrys', 'entries')}, ${counted(findings.length, 'finding')}${each ? '; each signature was checked' : ''}`,
  )
  for (const part of parts) print(describePart(part))
  print(`receipts: ${describeTotals(totals)}`)
  for (const [request, sums] of Object.entries(requests)) print(`request "${request}": ${describeRequest(sums)}`)
}

function describeFinding({ kind, file, line, text }: Finding): string {
  const place = line === 0 ? file : `${file}, line ${line}`
  return `${kind.replaceAll('_', ' ')}: ${place}: ${text}`
}

function describePart({ origin, after, through, request, head }: ExportPart): string {
  const what = request === null ? 'all entries' : `what concerns request "${request}"`
  const end = through === null ? 'its end is not in the file, so nothing proves it' : `complete up to number ${through}`
  const covered = head === null ? 'no head that is signed with this key' : `a signed head covers ${count(head)}`
  return `export of ${origin ?? 'an unknown log'}: ${what} from number ${after + 1} on, ${end}; ${covered}`
}

const describeTotals = ({ cleared, not_imported, dead_lettered, cancelled, verified }: Totals): string =>
  `${count(cleared)} cleared (${count(verified.yes)} seen empty, ${count(verified.no)} not, ${count(verified.skipped)} not looked), ` +
  `${count(not_imported)} not imported, ${count(dead_lettered)} dead letters, ${count(cancelled)} cancelled`

function describeRequest(sums: RequestTotals): string {
  const ended = describeTotals(sums)
  if (sums.accepted === null) return `${ended}; no producer said how many were accepted`
  return `${count(sums.accepted)} accepted; ${ended}; ${count(sums.pending ?? 0)} pending or missing`
}
