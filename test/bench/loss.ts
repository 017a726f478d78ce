import { CEILING } from '../helpers/fleets/fleet.ts'
import { runLoss } from '../helpers/fleets/loss-run.ts'
import { count, say } from './output.ts'
import { type Promised, printPromises } from './table.ts'

const ACCOUNTS = 20_000

/**
 * Clears 20,000 accounts with three workers, kills a random worker every two seconds, Redis twice and the importer
 * twice meanwhile, and checks that every account has its one outcome and the limit held.
 */
export async function benchLoss(): Promise<boolean> {
  say(`clearing ${count(ACCOUNTS)} accounts while everything is killed`)
  const figures = await runLoss({
    accounts: ACCOUNTS,
    maxBacklog: 5000,
    killImporterAt: [0.1, 0.4],
    killRedisAt: [0.25, 0.6],
    report: say,
  })
  const { manifest, request, calls, verify } = figures
  const promises: readonly Promised[] = [
    ['workers killed', count(figures.workersKilled), figures.workersKilled > 20],
    ['importers, Redis killed', `${figures.importersKilled}, ${figures.redisKilled}`, true],
    ['lines = accepted', `${count(manifest.lines)} = ${count(manifest.accepted)}`, manifest.accepted === ACCOUNTS],
    ['receipts', count(figures.receipts), figures.receipts === ACCOUNTS],
    ['accounts with one receipt', count(figures.accountsWithOneReceipt), figures.accountsWithOneReceipt === ACCOUNTS],
    [
      'figures of the request',
      `${count(request.accepted)} = ${count(request.cleared)} cleared + ${count(request.pending)} pending`,
      request.accepted === ACCOUNTS && request.cleared === ACCOUNTS && request.pending === 0,
    ],
    ['cleared at the vendor', count(figures.clearedAtVendor), figures.clearedAtVendor === ACCOUNTS],
    ['receipts verify', verify.text.trim().split('\n')[0] ?? '', verify.code === 0],
    ['worst second', `${calls.peakOfSecond}, as ${figures.stampedBy} stamped the calls`, calls.peakOfSecond <= CEILING],
    ['calls for each account', (calls.calls / ACCOUNTS).toFixed(3), true],
    ['seconds', figures.seconds.toFixed(0), true],
  ]
  for (const second of figures.overLimit) say(second)
  return printPromises(promises)
}
