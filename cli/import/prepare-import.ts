import { randomBytes } from 'node:crypto'
import { defaultDue } from '../../jobs/job/due.ts'
import { readFleetId } from '../../jobs/status/fleet-state.ts'
import type { FleetConnection } from '../fleet-connection.ts'
import { InterruptedError } from '../interrupted-error.ts'
import type { JobOptions } from '../job-options.ts'
import type { Shell } from '../shell.ts'
import { showProgress } from '../terminal/show-progress.ts'
import { type BegunImport, beginAnew, goOn } from './begin-import.ts'
import type { ImportParts } from './enqueue-lines.ts'
import { type ImportCheckpoint, type ImportState, NOTHING_DONE } from './files/checkpoint.ts'
import { filesOf } from './files/import-files.ts'
import type { Input } from './files/input.ts'
import type { Content } from './files/input-file.ts'
import { RejectedLines, type RejectedPlace } from './files/rejected-lines.ts'
import { parseLines } from './parse-lines.ts'
import { ReadingFigures } from './progress.ts'
import type { ReadOptions } from './read/recognised.ts'
import type { MaxRejected } from './report.ts'
import { described, type Survey, survey } from './survey.ts'

/** Parsed options of `clear-friends import`; `at` is in epoch seconds. */
export interface ImportOptions extends Omit<JobOptions, 'due'>, Omit<ReadOptions, 'name' | 'now'> {
  readonly due?: { readonly text: string; readonly at: number }
  readonly maxBacklog: number
  readonly maxRejected: MaxRejected
  readonly resume?: true
  readonly dryRun?: true
  readonly yes?: true
  readonly rejectedFile?: string
  readonly checkpointFile?: string
  readonly json?: true
}

/** What an import needs before it begins. */
export interface ImportPlan {
  readonly checkpoint: ImportCheckpoint | undefined
  readonly rejected: RejectedPlace
  /** `undefined` if the input cannot be read a second time. */
  readonly found: Found | undefined
}

/**
 * Chooses the files of an import and reads its input for the first time. Nothing is written.
 *
 * @throws {InputFormatError} when the input as a whole does not fit
 * @throws {ImportFileError} when a file of the import cannot be used
 * @throws {InterruptedError} at the signal
 */
export async function planImport(
  input: Input,
  options: ImportOptions,
  shell: Shell,
  signal: AbortSignal,
): Promise<ImportPlan> {
  const files = await filesOf(input, options.checkpointFile, options.rejectedFile)
  return { ...files, found: await readFirst(input, options, shell, signal) }
}

/**
 * Begins an import, or goes on with it: takes its lease, and makes its checkpoint. Nothing is enqueued yet. The caller
 * releases the lease.
 *
 * @throws {ImportFileError} when a file of the import cannot be used, or another process is at work on it
 */
export async function beginImport(
  input: Input,
  options: ImportOptions,
  plan: ImportPlan,
  fleet: FleetConnection,
  shell: Shell,
  signal: AbortSignal,
): Promise<ImportParts> {
  const { checkpoint, rejected } = plan
  const { state, lease } = await begin(input, options, plan, fleet, shell, signal)
  try {
    const rejectedLines = new RejectedLines(rejected, state.done.rejectedBytes)
    // Faults of the files must show before anything is enqueued.
    await rejectedLines.check()
    await (options.resume ? checkpoint?.write(state) : checkpoint?.create(state))
    return { input, state, lease, checkpoint, rejectedLines, maxBacklog: options.maxBacklog, signal }
  } catch (error) {
    await lease.release()
    throw error
  }
}

/** What the first reading of a file has found, and the identity of its content. */
type Found = Survey & { readonly content: Content }

/** Reads a file for the first time, and says what it is. */
async function readFirst(
  input: Input,
  options: ImportOptions,
  shell: Shell,
  signal: AbortSignal,
): Promise<Found | undefined> {
  if (input.kind === 'stream') return undefined
  const found = await surveyInput(input, input.file.read(signal), options, shell, signal)
  shell.say(described(found))
  return { ...found, content: await input.file.finish(signal) }
}

/**
 * Surveys an input and shows how far that is.
 *
 * @param chunks the bytes of the input
 * @throws as `survey`
 */
export async function surveyInput(
  input: Input,
  chunks: AsyncIterable<Buffer>,
  options: ImportOptions,
  shell: Shell,
  signal: AbortSignal,
): Promise<Survey> {
  const figures = new ReadingFigures()
  const endProgress = showProgress(figures, shell)
  try {
    const wanted = { ...readOptions(options), name: input.name, now: now() }
    const parsed = await parseLines(chunks, wanted, signal)
    if (parsed === undefined) throw new InterruptedError('interrupted before anything was enqueued')
    return await survey(parsed, signal, lines => {
      figures.lines = lines
    })
  } finally {
    endProgress()
  }
}

async function begin(
  input: Input,
  options: ImportOptions,
  { checkpoint, found }: ImportPlan,
  { redis, prefix, settings }: FleetConnection,
  { say }: Shell,
  signal: AbortSignal,
): Promise<BegunImport> {
  const { deleteType, due, request, resume } = options
  const startedAt = now()
  const wanted: ImportState = {
    v: 1,
    content: found?.content ?? { bytes: 0, sha256: '' },
    fleet: { prefix, id: await readFleetId(redis, prefix) },
    options: { read: readOptions(options), deleteType, due: due?.text ?? null, request: request ?? null },
    startedAt,
    due: due?.at ?? defaultDue(startedAt, settings.DUE_DAYS),
    key: randomBytes(16).toString('hex'),
    total: found?.lines ?? 0,
    done: NOTHING_DONE,
  }
  const beginning = { wanted, name: input.name, redis, say, signal }
  return resume && checkpoint !== undefined ? goOn(beginning, checkpoint) : beginAnew(beginning, checkpoint)
}

const now = (): number => Math.floor(Date.now() / 1000)

/** Keeps the options that say how to read the input. */
function readOptions(options: ImportOptions): ImportState['options']['read'] {
  const { format, column, delimiter, encoding, requestColumn, dueColumn } = options
  return { format, column, delimiter, encoding, requestColumn, dueColumn }
}
