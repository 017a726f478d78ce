import { randomBytes } from 'node:crypto'
import { defaultDue } from '../../jobs/job/due.ts'
import { readFleetId } from '../../jobs/status/fleet-state.ts'
import { EXIT } from '../exit-codes.ts'
import type { FleetConnection } from '../fleet-connection.ts'
import type { JobOptions } from '../job-options.ts'
import type { Shell } from '../shell.ts'
import { count, strengthenedInWords } from '../words.ts'
import { beginImport } from './begin-import.ts'
import type { Done, ImportCheckpoint, ImportState } from './checkpoint.ts'
import { filesOf } from './import-files.ts'
import { contentOf, type Input } from './input.ts'
import { InputFormatError } from './read/input-format-error.ts'
import type { ReadOptions } from './read/recognised.ts'
import { RejectedLines } from './rejected-lines.ts'
import { type ImportParts, runImport } from './run-import.ts'

/** Parsed options of `clear-friends import`; `at` is in epoch seconds. */
export interface ImportOptions extends Omit<JobOptions, 'due'>, Omit<ReadOptions, 'name' | 'now'> {
  readonly due?: { readonly text: string; readonly at: number }
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
  const signal = shell.listen()
  const { checkpoint, rejected } = await filesOf(input, options.checkpointFile, options.rejectedFile)
  const state = await begin(input, options, fleet, checkpoint, signal)
  const rejectedLines = new RejectedLines(rejected, state.done.rejectedBytes)
  // Faults of the files must show before anything is enqueued.
  await rejectedLines.check()
  await checkpoint?.write(state)
  const { maxBacklog } = options
  const done = await run({ input, state, checkpoint, rejectedLines, maxBacklog, signal }, fleet, shell)
  report(done, rejected, options.json, shell)
  if (signal.aborted) {
    shell.say(`interrupted: the lines after these were not enqueued; ${howToGoOn(checkpoint)}`)
    return EXIT.failed
  }
  await checkpoint?.remove()
  return EXIT.done
}

async function begin(
  input: Input,
  { deleteType, due, request, resume, ...read }: ImportOptions,
  { redis, prefix, settings }: FleetConnection,
  checkpoint: ImportCheckpoint | undefined,
  signal: AbortSignal,
): Promise<ImportState> {
  const now = Math.floor(Date.now() / 1000)
  const wanted: ImportState = {
    v: 1,
    content: checkpoint === undefined ? { bytes: 0, sha256: '' } : await contentOf(input, signal),
    fleet: { prefix, id: await readFleetId(redis, prefix) },
    options: {
      read: readOptions(read),
      deleteType,
      due: due?.text ?? null,
      request: request ?? null,
    },
    startedAt: now,
    due: due?.at ?? defaultDue(now, settings.DUE_DAYS),
    key: randomBytes(16).toString('hex'),
    done: { lines: 0, accepted: 0, duplicate: 0, strengthened: 0, rejected: 0, entries: 0, rejectedBytes: 0 },
  }
  return checkpoint === undefined ? wanted : beginImport(wanted, input.name, checkpoint, resume === true)
}

/** Keeps the options that say how to read the input. */
function readOptions(options: Omit<ReadOptions, 'name' | 'now'>): ImportState['options']['read'] {
  const { format, column, delimiter, encoding, requestColumn, dueColumn } = options
  return { format, column, delimiter, encoding, requestColumn, dueColumn }
}

async function run(parts: ImportParts, fleet: FleetConnection, shell: Shell): Promise<Done> {
  try {
    return await runImport(parts, fleet, shell)
  } catch (error) {
    // The operator must mend the file first, and no import resumes in a changed file.
    if (error instanceof InputFormatError) await parts.checkpoint?.remove()
    else shell.say(`stopped: what was enqueued stays; ${howToGoOn(parts.checkpoint)}`)
    throw error
  }
}

const howToGoOn = (checkpoint: ImportCheckpoint | undefined): string =>
  checkpoint === undefined
    ? 'running the same import again enqueues no account twice that is still in the queue'
    : 'the same command with --resume goes on from here'

function report(
  { lines, accepted, duplicate, strengthened, rejected }: Done,
  file: string,
  json: true | undefined,
  { print, say }: Shell,
): void {
  const rejectedFile = rejected > 0 ? file : null
  const words = `${count(lines)} lines = ${count(accepted)} accepted + ${count(duplicate)} duplicate + ${count(rejected)} rejected`
  print(json ? JSON.stringify({ lines, accepted, duplicate, strengthened, rejected, rejectedFile }) : words)
  if (strengthened > 0) say(strengthenedInWords(strengthened))
  if (rejectedFile !== null) say(`the rejected lines are listed in ${rejectedFile}`)
}
