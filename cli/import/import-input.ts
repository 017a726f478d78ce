import { EnqueuedCounter } from '../../jobs/enqueue/count-enqueued.ts'
import { createProducer } from '../../jobs/enqueue/producer.ts'
import { defaultDue } from '../../jobs/job/due.ts'
import { readFleetId } from '../../jobs/status/fleet-state.ts'
import { EXIT } from '../exit-codes.ts'
import type { FleetConnection } from '../fleet-connection.ts'
import type { JobOptions } from '../job-options.ts'
import type { Shell } from '../shell.ts'
import { count } from '../words.ts'
import { beginImport, newImport, type WantedImport } from './begin-import.ts'
import type { Done, ImportCheckpoint, ImportState } from './checkpoint.ts'
import { type Format, formatOf } from './format.ts'
import { filesOf } from './import-files.ts'
import { contentOf, type Input } from './input.ts'
import { startProgress } from './progress.ts'
import { isInputFault } from './read-entries.ts'
import { RejectedLines } from './rejected-lines.ts'
import { runImport } from './run-import.ts'

/** Parsed options of `clear-friends import`; `at` is in epoch seconds. */
export interface ImportOptions extends Omit<JobOptions, 'due'> {
  readonly due?: { readonly text: string; readonly at: number }
  readonly format?: Format
  readonly column: string
  readonly maxBacklog: number
  readonly resume?: true
  readonly rejectedFile?: string
  readonly checkpointFile?: string
  readonly json?: true
}

/**
 * Imports an input and prints the manifest.
 *
 * @returns the exit code
 * @throws {ImportFileError} when a file of the import cannot be used
 */
export async function importInput(
  input: Input,
  options: ImportOptions,
  fleet: FleetConnection,
  shell: Shell,
): Promise<number> {
  const interruption = shell.listen()
  try {
    const { signal } = interruption
    const files = await filesOf(input, options.checkpointFile, options.rejectedFile)
    const state = await begin(input, options, fleet, files.checkpoint, signal)
    const rejectedLines = new RejectedLines(files.rejected, state.done.rejectedBytes)
    // Faults of the files must show before anything is enqueued.
    await rejectedLines.check()
    await files.checkpoint?.write(state)
    const { checkpoint } = files
    const done = await run({ input, state, checkpoint, rejectedLines, options, fleet, signal, shell })
    report(done, rejectedLines.file, options.json, shell)
    if (signal.aborted) {
      shell.say(`interrupted: the lines after these were not enqueued; ${howToGoOn(checkpoint)}`)
      return EXIT.failed
    }
    await checkpoint?.remove()
    return EXIT.done
  } finally {
    interruption.stop()
  }
}

async function begin(
  input: Input,
  { format, column, deleteType, due, request, resume }: ImportOptions,
  { redis, prefix, settings }: FleetConnection,
  checkpoint: ImportCheckpoint | undefined,
  signal: AbortSignal,
): Promise<ImportState> {
  const now = Math.floor(Date.now() / 1000)
  const wanted: WantedImport = {
    name: input.name,
    content: checkpoint === undefined ? { bytes: 0, sha256: '' } : await contentOf(input, signal),
    fleet: { prefix, id: await readFleetId(redis, prefix) },
    options: {
      format: format ?? formatOf(input.name),
      column,
      deleteType,
      due: due?.text ?? null,
      request: request ?? null,
    },
    now,
    due: due?.at ?? defaultDue(now, settings.DUE_DAYS),
  }
  return checkpoint === undefined ? newImport(wanted) : beginImport(wanted, checkpoint, resume === true)
}

interface Run {
  readonly input: Input
  readonly state: ImportState
  readonly checkpoint: ImportCheckpoint | undefined
  readonly rejectedLines: RejectedLines
  readonly options: ImportOptions
  readonly fleet: FleetConnection
  readonly signal: AbortSignal
  readonly shell: Shell
}

async function run({ options, fleet, shell, ...rest }: Run): Promise<Done> {
  const producer = createProducer({ redis: fleet.redis, prefix: fleet.prefix })
  const counter = new EnqueuedCounter(fleet.redis, fleet.prefix)
  const progress = startProgress(rest.input.bytes, shell)
  try {
    return await runImport({ ...rest, producer, counter, progress, maxBacklog: options.maxBacklog })
  } catch (error) {
    // The operator must mend the file first, and no import resumes in a changed file.
    if (isInputFault(error)) await rest.checkpoint?.remove()
    else shell.say(`stopped: what was enqueued stays; ${howToGoOn(rest.checkpoint)}`)
    throw error
  } finally {
    progress.stop()
    await rest.rejectedLines.close()
    await producer.close()
    await counter.done()
  }
}

const howToGoOn = (checkpoint: ImportCheckpoint | undefined): string =>
  checkpoint === undefined
    ? 'running the same import again enqueues no account twice that is still in the queue'
    : 'the same command with --resume goes on from here'

function report(
  { lines, accepted, duplicate, rejected }: Done,
  file: string,
  json: true | undefined,
  { print, say }: Shell,
): void {
  const rejectedFile = rejected > 0 ? file : null
  if (json) print(JSON.stringify({ lines, accepted, duplicate, rejected, rejectedFile }))
  else
    print(
      `${count(lines)} lines = ${count(accepted)} accepted + ${count(duplicate)} duplicate + ${count(rejected)} rejected`,
    )
  if (rejectedFile !== null) say(`the rejected lines are listed in ${rejectedFile}`)
}
