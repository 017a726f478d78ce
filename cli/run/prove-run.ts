import type { Certificate } from '../../jobs/receipts/certificate/certificate.ts'
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
    const unproved = { receipts: undefined, isCertified: false }
    const summary = summarise({ ...facts, ...unproved, status: status ?? lastStatus, result: 'stopped', reason })
    return { summary, sums, isOver: false }
  }
  const { receipts, certificate } = await writeProofOf(run, fleet, settings)
  const left = leftOver(status, receipts, certificate)
  const isOver = left.length === 0
  // These lines are no accounts, so the state has nothing of them.
  const hasTooManyRejected = exitCodeOf(sums, run.options.maxRejected, run.shell.say) === EXIT.remains
  const reasons = [...left, ...(hasTooManyRejected ? [`${counted(sums.rejected, 'line')} rejected`] : [])]
  const result = reasons.length === 0 ? 'done' : 'remains'
  const reason = reasons.length === 0 ? null : reasons.join('; ')
  const isCertified = certificate !== undefined
  const summary = summarise({ ...facts, status, result, reason, receipts, isCertified })
  await folder.write({ ...state, imported: sums, seconds, done: isOver ? summary : null })
  return { summary, sums, isOver }
}

interface Proof {
  readonly receipts: ReceiptSums
  /** Nothing where the log does not fit together, or the file held no account. */
  readonly certificate: Certificate | undefined
}

/**
 * Puts receipts and certificate on the disk. The export comes first: what a crash in between leaves is an older
 * certificate, and the export contains its head.
 */
async function writeProofOf({ proof }: OpenRun, fleet: FleetConnection, settings: WorkerSettings): Promise<Proof> {
  const { redis, prefix } = fleet
  const seals = createReceiptSeals(settings.RECEIPT_KEY.reveal())
  await signHead(fleet, seals, settings)
  const receipts = await writeReceipts(proof.receipts, exportReceipts({ redis, prefix, seals }))
  const isWhole = receipts.troubles.length === 0
  return { receipts, certificate: isWhole ? await certifyRun(fleet, seals, proof) : undefined }
}

/** Says what is left for a person. */
function leftOver(
  { queue, unproved }: FleetStatus,
  { troubles }: ReceiptSums,
  certificate: Certificate | undefined,
): string[] {
  const left = [
    ...(queue.failed === 0 ? [] : [`${counted(queue.failed, 'dead letter')}; --retry tries them once more`]),
    ...(unproved === 0 ? [] : [`${counted(unproved, 'account')} cleared, but not seen empty`]),
    ...troubles,
  ]
  const incomplete = certificate?.incomplete ?? []
  return left.length > 0 || incomplete.length === 0 ? left : ['the certificate is not complete', ...incomplete]
}
