import type { FleetStatus } from '../../jobs/status/fleet-status.ts'
import { count } from '../words.ts'
import type { ReceiptFacts } from './receipts.ts'
import type { LedgerLine, VendorFigures } from './vendor.ts'

/** Facts at the end of the demo. */
export interface DemoFacts {
  readonly accounts: number
  readonly accepted: number
  readonly status: FleetStatus
  readonly figures: VendorFigures
  readonly ledger: readonly LedgerLine[]
  readonly arrivals: readonly number[]
  readonly receipts: ReceiptFacts
  readonly workerExitCodes: readonly number[]
}

/** A row of the table: its name, its figure, and whether the figure is right. */
export interface Row {
  readonly what: string
  readonly figure: string
  readonly good: boolean
}

const COMMAND = 'friend_delete_all'

/** Checks the facts against each other. The demo is a success only when every row is good. */
export function judge(facts: DemoFacts): Row[] {
  const { accounts, accepted, status, figures, ledger, receipts } = facts
  const imported = ledger.filter(line => line.imported)
  const cleared = imported.filter(line => line.okAnswers > 0 && line.friendsLeft === 0)
  const doubled = ledger.filter(line => line.okAnswers > 1)
  const missing = ledger.length - imported.length
  const { cleared: settledCleared, not_imported: settledMissing } = status.outcomes
  const calls = figures.byCommand[COMMAND]
  const limit = calls?.limitPerSecond ?? 0
  const worst = calls?.worstSecond.calls ?? 0
  const codes = Object.entries(calls?.byCode ?? {})
  return [
    row('accounts imported into the queue', `${count(accepted)} of ${count(accounts)}`, accepted === accounts),
    row('accounts cleared, says the vendor', count(cleared.length), cleared.length === imported.length),
    row('accounts the vendor does not know', count(missing), missing === settledMissing),
    row(
      'settled as cleared + not imported',
      `${count(settledCleared)} + ${count(settledMissing)}`,
      settledCleared === cleared.length && settledCleared + settledMissing === accounts,
    ),
    row('lost', count(accounts - ledger.length), ledger.length === accounts),
    row('cleared twice', count(doubled.length), doubled.length === 0),
    row(
      'receipts that say what the vendor did',
      `${count(receipts.matching)} of ${count(receipts.receipts)}`,
      receipts.matching === accounts && receipts.receipts === accounts,
    ),
    row('findings when the receipts are verified', count(receipts.findings), receipts.findings === 0),
    row('dead letters', count(status.queue.failed), status.queue.failed === 0),
    row('left in the queue', count(pendingOf(status)), pendingOf(status) === 0),
    row('calls by code', codes.map(([code, n]) => `${code}: ${count(n)}`).join(', '), codes.length > 0),
    row(
      'refused signatures or requests',
      count(figures.badSignatures + figures.badRequests),
      figures.badSignatures + figures.badRequests === 0,
    ),
    row('worst rolling second', `${count(worst)} of ${count(limit)} calls`, worst > 0 && worst <= limit),
    row('share of the limit used', `${(shareUsed(facts.arrivals, limit) * 100).toFixed(1)} %`, true),
    row('connections opened', count(figures.connections), true),
    row(
      'worker exit codes',
      facts.workerExitCodes.join(', '),
      facts.workerExitCodes.every(code => code === 0),
    ),
  ]
}

/** Counts the jobs that have not ended. */
export const pendingOf = ({ queue }: FleetStatus): number => queue.waiting + queue.active + queue.delayed

/** Share of the limit in use while there was work: without the first and the last tenth, where calls trickle. */
function shareUsed(arrivals: readonly number[], limit: number): number {
  const from = Math.floor(arrivals.length * 0.1)
  const to = Math.floor(arrivals.length * 0.9)
  const first = arrivals[from]
  const last = arrivals[to]
  if (first === undefined || last === undefined || last === first || limit === 0) return 0
  return (((to - from) / (last - first)) * 1000) / limit
}

const row = (what: string, figure: string, good: boolean): Row => ({ what, figure, good })

const COLUMNS = 80

/** Formats the rows as a table, line by line. A figure that does not fit into 80 columns goes on in the next line. */
export function toTable(rows: readonly Row[]): readonly string[] {
  const width = Math.max(...rows.map(each => each.what.length))
  const left = `      ${' '.repeat(width)}  `
  return rows.flatMap(({ what, figure, good }) =>
    wrapped(figure, COLUMNS - left.length).map((part, index) =>
      index === 0 ? `${good ? ' ok ' : 'FAIL'}  ${what.padEnd(width)}  ${part}` : `${left}${part}`,
    ),
  )
}

/** Breaks a list behind its commas. */
function wrapped(list: string, columns: number): readonly string[] {
  const lines: string[] = []
  for (const item of list.split(/(?<=, )/)) {
    const last = lines.at(-1)
    if (last === undefined || last.length + item.trimEnd().length > columns) lines.push(item)
    else lines[lines.length - 1] = last + item
  }
  return lines.map(line => line.trimEnd())
}
