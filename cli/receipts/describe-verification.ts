import type { AccountTotals, ExportPart, Finding, Verification } from '../../jobs/receipts/verify/findings.ts'
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
  print(`all accounts: ${describeTotals(totals)}`)
  for (const [request, sums] of Object.entries(requests)) print(`request "${request}": ${describeTotals(sums)}`)
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

function describeTotals({ accepted, pending, verified, ...ended }: AccountTotals): string {
  const outcomes =
    `${count(ended.cleared)} cleared (${count(verified.yes)} seen empty, ${count(verified.no)} not, ${count(verified.skipped)} not looked), ` +
    `${count(ended.not_imported)} not imported, ${count(ended.dead_lettered)} dead letters, ${count(ended.cancelled)} cancelled`
  if (accepted === null) return `${outcomes}; how many were accepted is not in the files`
  const open = pending === null ? 'not all producers said what they enqueued' : `${count(pending)} pending or missing`
  return `${count(accepted)} accepted; ${outcomes}; ${open}`
}
