import { exportReceipts } from '../../jobs/receipts/export/export-receipts.ts'
import { createReceiptSeals } from '../../jobs/receipts/keys/receipt-seals.ts'
import { createFleetStatusReader, type FleetStatus } from '../../jobs/status/fleet-status.ts'
import type { WorkerSettings } from '../../worker/worker-settings.ts'
import { EXIT } from '../exit-codes.ts'
import type { FleetConnection } from '../fleet-connection.ts'
import type { Done } from '../import/files/checkpoint.ts'
import { exitCodeOf } from '../import/report.ts'
import { counted } from '../words.ts'
import { certifyRun, signHead } from './certificate.ts'
import type { Driven } from './drive.ts'
import type { OpenRun } from './open-run.ts'
import { writeReceipts } from './receipts-file.ts'
import type { RunSummary } from './run-state.ts'
import { summarise, type WrittenProof } from './summary.ts'

/** The end of a run's process. */
export interface RunEnd {
  readonly summary: RunSummary
  readonly sums: Done
  /** Whether everything is proved and on the disk, so that the state is not needed any more. */
  readonly isOver: boolean
}

/** Proves a run whose queue is empty, and sums it up. What is proved is noted in the state. */
export async function proveRun(
  driven: Driven,
  run: OpenRun,
  fleet: FleetConnection,
  settings: WorkerSettings,
): Promise<RunEnd> {
  const { sums, stopped, lastStatus } = driven
  const { folder, state, proof } = run
  const seconds = state.seconds + (performance.now() - run.startedAtMs) / 1000
  const status = await createFleetStatusReader(fleet.redis, fleet.prefix, fleet.limit)().catch(() => undefined)
  const facts = {
    ...{ file: run.file, sums, proof, seconds, state: folder.path },
    rejectedFile: run.plan.rejected.file,
  }
  if (stopped !== undefined || status === undefined) {
    await folder.write({ ...((await folder.read()) ?? state), seconds })
    const reason = stopped ?? 'its Redis does not answer'
    const summary = summarise({ ...facts, status: status ?? lastStatus, result: 'stopped', reason, written: undefined })
    return { summary, sums, isOver: false }
  }
  const written = await writeProofOf(run, fleet, settings)
  const left = leftOver(status, written)
  const isOver = left.length === 0
  // These lines are no accounts, so the state has nothing of them.
  const hasTooManyRejected = exitCodeOf(sums, run.options.maxRejected, run.shell.say) === EXIT.remains
  const reasons = [...left, ...(hasTooManyRejected ? [`${counted(sums.rejected, 'line')} rejected`] : [])]
  const result = reasons.length === 0 ? 'done' : 'remains'
  const reason = reasons.length === 0 ? null : reasons.join('; ')
  const summary = summarise({ ...facts, status, result, reason, written })
  await folder.write({ ...state, imported: sums, seconds, done: isOver ? summary : null })
  return { summary, sums, isOver }
}

/**
 * Puts receipts and certificate on the disk. The export comes first: what a crash in between leaves is an older
 * certificate, and the export contains its head.
 */
async function writeProofOf(
  { proof }: OpenRun,
  fleet: FleetConnection,
  settings: WorkerSettings,
): Promise<WrittenProof> {
  const { redis, prefix } = fleet
  const seals = createReceiptSeals(settings.RECEIPT_KEY.reveal())
  await signHead(fleet, seals, settings)
  const troubles = await writeReceipts(proof.receipts, exportReceipts({ redis, prefix, seals }))
  return { troubles, certificate: troubles.length === 0 ? await certifyRun(fleet, seals, proof) : undefined }
}

/** Says what is left for a person. */
function leftOver({ queue, unproved }: FleetStatus, { troubles, certificate }: WrittenProof): string[] {
  const left = [
    ...(queue.failed === 0 ? [] : [`${counted(queue.failed, 'dead letter')}; --retry tries them once more`]),
    ...(unproved === 0 ? [] : [`${counted(unproved, 'account')} cleared, but not seen empty`]),
    ...troubles,
  ]
  const incomplete = certificate?.incomplete ?? []
  return left.length > 0 || incomplete.length === 0 ? left : ['the certificate is not complete', ...incomplete]
}
