import { exportReceipts } from '../../jobs/receipts/export/export-receipts.ts'
import { createReceiptSeals } from '../../jobs/receipts/keys/receipt-seals.ts'
import { createFleetStatusReader, type FleetStatus } from '../../jobs/status/fleet-status.ts'
import type { WorkerSettings } from '../../worker/worker-settings.ts'
import { EXIT } from '../exit-codes.ts'
import type { FleetConnection } from '../fleet-connection.ts'
import type { Done } from '../import/files/checkpoint.ts'
import { exitCodeOf } from '../import/report.ts'
import { counted } from '../words.ts'
import type { Driven } from './drive.ts'
import type { OpenRun } from './open-run.ts'
import { type ReceiptSums, writeReceipts } from './receipts-file.ts'
import type { RunSummary } from './run-state.ts'
import { summarise } from './summary.ts'

/** The end of a run's process. */
export interface RunEnd {
  readonly summary: RunSummary
  readonly sums: Done
  /** Whether everything is proved and on the disk, so that the state is not needed any more. */
  readonly isOver: boolean
}

/** Writes the receipts of a run whose queue is empty, and sums it up. What is proved is noted in the state. */
export async function proveRun(
  { sums, stopped, lastStatus }: Driven,
  run: OpenRun,
  fleet: FleetConnection,
  settings: WorkerSettings,
): Promise<RunEnd> {
  const { folder, state, receiptsFile } = run
  const { redis, prefix, limit } = fleet
  const imported = stopped === undefined ? sums : state.imported
  const seconds = state.seconds + (performance.now() - run.startedAtMs) / 1000
  const status = await createFleetStatusReader(redis, prefix, limit)().catch(() => undefined)
  const facts = {
    ...{ file: run.file, sums, status, receiptsFile, seconds, state: folder.path },
    rejectedFile: run.plan.rejected.file,
  }
  if (stopped !== undefined || status === undefined) {
    await folder.write({ ...((await folder.read()) ?? state), seconds })
    const reason = stopped ?? 'its Redis does not answer'
    return {
      summary: summarise({ ...facts, status: status ?? lastStatus, result: 'stopped', reason, receipts: undefined }),
      sums,
      isOver: false,
    }
  }
  const seals = createReceiptSeals(settings.RECEIPT_KEY.reveal())
  const receipts = await writeReceipts(receiptsFile, exportReceipts({ redis, prefix, seals }))
  // The certificate of a run is made here, from the receipts that are on the disk now.
  const left = leftOver(status, receipts)
  const isOver = left.length === 0
  // These lines are no accounts, so the state has nothing of them.
  const hasTooManyRejected = exitCodeOf(sums, run.options.maxRejected, run.shell.say) === EXIT.remains
  const reasons = [...left, ...(hasTooManyRejected ? [`${counted(sums.rejected, 'line')} rejected`] : [])]
  const result = reasons.length === 0 ? 'done' : 'remains'
  const summary = summarise({ ...facts, result, reason: reasons.length === 0 ? null : reasons.join('; '), receipts })
  await folder.write({ ...state, imported, seconds, done: isOver ? summary : null })
  return { summary, sums, isOver }
}

/** Says what is left for a person. */
function leftOver({ queue, unproved }: FleetStatus, { troubles }: ReceiptSums): string[] {
  return [
    ...(queue.failed === 0 ? [] : [`${counted(queue.failed, 'dead letter')}; --retry tries them once more`]),
    ...(unproved === 0 ? [] : [`${counted(unproved, 'account')} cleared, but not seen empty`]),
    ...troubles,
  ]
}
