import type { FleetStatus } from '../../jobs/status/fleet-status.ts'
import { type AssembledWorker, assembleWorker } from '../../worker/assemble.ts'
import { drainWithin } from '../../worker/drain-within.ts'
import { createFileLog } from '../../worker/observe/log.ts'
import { untilEmpty } from '../../worker/until-empty.ts'
import type { WorkerSettings } from '../../worker/worker-settings.ts'
import { standstillInWords } from '../commands/status.ts'
import type { FleetConnection } from '../fleet-connection.ts'
import { concludeImport } from '../import/conclude-import.ts'
import type { Done } from '../import/files/checkpoint.ts'
import { FileChangedError } from '../import/files/input-file.ts'
import type { ImportEnd } from '../import/import-end.ts'
import { beginImport } from '../import/prepare-import.ts'
import { figuresOf, runImport } from '../import/run-import.ts'
import type { Shell } from '../shell.ts'
import { AccountFigures } from '../terminal/account-figures.ts'
import { showProgress } from '../terminal/show-progress.ts'
import { count, counted } from '../words.ts'
import type { OpenRun } from './open-run.ts'
import { RunError } from './run-error.ts'

/** How far a run came in this process. */
export interface Driven {
  /** Sums of the import so far. */
  readonly sums: Done
  /** Why the run stopped before its end; `undefined` when the queue is empty. */
  readonly stopped?: string | undefined
  /** The last status that was read, for a Redis that ended. */
  readonly lastStatus?: FleetStatus | undefined
}

/**
 * Clears accounts with a worker in this process while the import fills the queue, until the queue is empty. The worker
 * does not wait for the import, so that the first call leaves within seconds and the import costs hardly any time.
 */
export async function drive(run: OpenRun, fleet: FleetConnection, settings: WorkerSettings): Promise<Driven> {
  const log = createFileLog(settings.LOG_LEVEL, run.folder.entry('worker.log'))
  const worker = await assembleWorker(settings, log)
  const figures = new AccountFigures(run.plan.found?.accounts ?? 0)
  const endProgress = showProgress(figures, run.shell)
  try {
    worker.start()
    return await fillAndEmpty(run, fleet, worker, figures)
  } finally {
    endProgress()
    await drainWithin(worker, settings.DRAIN_SECONDS, log)
  }
}

async function fillAndEmpty(
  run: OpenRun,
  fleet: FleetConnection,
  worker: AssembledWorker,
  figures: AccountFigures,
): Promise<Driven> {
  const { stopper } = run
  let imported = run.state.imported
  let lastStatus: FleetStatus | undefined
  const tellStandstill = createStandstillTeller(run.shell)
  const filling = fill(run, fleet).then(end => {
    if (end.kind === 'complete') imported = end.done
    return end
  })
  const emptying = untilEmpty(worker.readStatus, stopper.signal, {
    onStatus: status => {
      lastStatus = status
      tellStandstill(status)
      showStatus(figures, status, imported)
    },
    isFilled: () => imported !== null,
  }).then(end => {
    // The import must not go on where nobody clears.
    if (end?.kind === 'stands_still') stopper.stop(end.reason)
  })
  try {
    const [end] = await Promise.all([filling, emptying])
    return { sums: end.done, stopped: stopper.reason, lastStatus }
  } finally {
    stopper.stop('the run ended')
  }
}

/** Says once why nothing is sent: a person can mend most of it, and need not wait for the end of the run to know. */
function createStandstillTeller({ say }: Shell): (status: FleetStatus) => void {
  let told = ''
  return ({ halted, aside }) => {
    const cause = halted ?? aside[0]
    const news = cause === undefined ? '' : `nothing is sent, code ${cause.code}: ${cause.reason}`
    if (news !== '' && news !== told) say(news)
    told = news
  }
}

function showStatus(figures: AccountFigures, status: FleetStatus, imported: Done | null): void {
  const { delayed, failed } = status.queue
  const { cleared, not_imported: notImported, cancelled } = status.outcomes
  // A dead letter that was tried again counts once.
  const done = cleared + notImported + cancelled + failed
  figures.show({
    done,
    total: imported?.accepted ?? figures.total,
    notes: [
      ...standstillInWords(status),
      ...(delayed === 0 ? [] : [`${count(delayed)} to be retried`]),
      ...(failed === 0 ? [] : [`${counted(failed, 'dead letter')}`]),
      ...(imported === null ? ['importing'] : []),
    ],
  })
}

/** Imports what is not imported yet. Only a complete import is noted in the state, before its checkpoint goes. */
async function fill(run: OpenRun, fleet: FleetConnection): Promise<ImportEnd & { kind: 'complete' | 'interrupted' }> {
  const { state, plan, input, folder, shell, stopper } = run
  if (state.imported !== null) return { kind: 'complete', done: state.imported }
  const isBegun = (await plan.checkpoint?.read()) !== undefined
  const options = { ...run.importOptions, ...(isBegun ? { resume: true as const } : {}) }
  const parts = await beginImport(input, options, plan, fleet, shell, stopper.signal)
  try {
    const end = await runImport(parts, fleet, figuresOf(parts), shell.say)
    if (end.kind === 'complete') await folder.write({ ...state, imported: end.done })
    await concludeImport(end, parts)
    if (end.kind === 'complete' || end.kind === 'interrupted') return { kind: end.kind, done: end.done }
    throw end.kind === 'failed'
      ? importFault(end.error, run)
      : new RunError('another process has taken the import over.')
  } finally {
    await parts.lease.release()
  }
}

const importFault = (error: unknown, { file }: OpenRun): unknown =>
  error instanceof FileChangedError
    ? new RunError(
        `${file}: the file has changed while it was imported. Nothing of the change was enqueued. ` +
          'Put the file back as it was, and run this again.',
      )
    : error
