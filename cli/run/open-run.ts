import { rateOfSettings, surveyInWords } from '../import/dry-run.ts'
import { closeInput, type Input, openInput } from '../import/files/input.ts'
import { type ImportOptions, type ImportPlan, planImport } from '../import/prepare-import.ts'
import type { Shell } from '../shell.ts'
import { askYesOrNo, canAsk } from '../terminal/ask.ts'
import { count, counted } from '../words.ts'
import { type ProofFiles, proofFilesOf, requireNoProof } from './proof-files.ts'
import { RunError } from './run-error.ts'
import type { RunOptions } from './run-options.ts'
import type { RunState } from './run-state.ts'
import { StateFolder } from './state-folder.ts'
import { Stopper } from './stopper.ts'

/** A run that this process works on. */
export interface OpenRun {
  readonly file: string
  readonly options: RunOptions
  readonly shell: Shell
  readonly stopper: Stopper
  readonly folder: StateFolder
  readonly input: Input
  readonly importOptions: ImportOptions
  readonly plan: ImportPlan
  /** Its state when this process took it. */
  readonly state: RunState
  readonly proof: ProofFiles
  /** When this process took it, on the steady clock, in ms. */
  readonly startedAtMs: number
}

/**
 * Reads the file, takes the lock of the state, and asks once on a terminal before a new run begins.
 *
 * @returns `undefined` where the answer was no; nothing is left behind then
 * @throws {RunError}, {ImportFileError}, {InputFormatError} when a file cannot be used
 * @throws {InterruptedError} at a signal, and while another process is at work on this run
 */
export async function openRun(file: string, options: RunOptions, shell: Shell): Promise<OpenRun | undefined> {
  const stopper = new Stopper(shell.listen(), options.maxTime)
  const input = await openInput(file, shell.stdin)
  let folder: StateFolder | undefined
  let isNew = false
  try {
    if (input.kind !== 'file') {
      throw new RunError(`${input.name}: a run reads its file twice, so it must be a plain file.`)
    }
    folder = await StateFolder.open(options.state ?? `${file}.state`)
    const found = await folder.read()
    isNew = found === undefined
    const importOptions = { ...options, checkpointFile: folder.entry('import.checkpoint') }
    const startedAtMs = performance.now()
    const plan = await planImport(input, importOptions, shell, stopper.signal)
    const proof = proofFilesOf(file)
    const opened = { file, options, shell, stopper, folder, input, importOptions, plan, proof, startedAtMs }
    if (found !== undefined) return { ...opened, state: requireSame(found, opened) }
    await requireNoProof(proof)
    if (await mayBegin(opened)) return { ...opened, state: await begin(opened) }
    shell.say('nothing was done')
  } catch (error) {
    await leave(stopper, input, folder, isNew)
    throw error
  }
  await leave(stopper, input, folder, isNew)
  return undefined
}

/** Releases all, and leaves no state of a run that has not begun. */
async function leave(stopper: Stopper, input: Input, folder: StateFolder | undefined, isNew: boolean): Promise<void> {
  if (isNew) await folder?.remove()
  await closeParts(stopper, input, folder)
}

/** Releases the file and the lock. Safe to repeat. */
export const closeRun = ({ stopper, input, folder }: OpenRun): Promise<void> => closeParts(stopper, input, folder)

async function closeParts(stopper: Stopper, input: Input, folder: StateFolder | undefined): Promise<void> {
  stopper.close()
  folder?.close()
  await closeInput(input)
}

type Opened = Omit<OpenRun, 'state'>

/** Shows what the file holds, and asks on a terminal whether to begin. */
async function mayBegin({ plan, options, shell, stopper }: Opened): Promise<boolean> {
  const { found } = plan
  if (found === undefined) return false
  shell.say(surveyInWords(found, { perSecond: rateOfSettings(shell.environment), of: 'run' }))
  if (options.yes || !canAsk(shell)) return true
  return askYesOrNo(`Clear the friends of ${counted(found.accounts, 'account')}?`, shell, stopper.signal)
}

async function begin({ plan, folder }: Opened): Promise<RunState> {
  const content = plan.found?.content ?? { bytes: 0, sha256: '' }
  const state: RunState = { v: 1, content, imported: null, seconds: 0, done: null }
  await folder.write(state)
  return state
}

function requireSame(found: RunState, { plan, folder, file }: Opened): RunState {
  const now = plan.found?.content
  if (now?.sha256 === found.content.sha256 && now.bytes === found.content.bytes) return found
  throw new RunError(
    `${file}: ${folder.path} is the state of a run of other content: it had ${count(found.content.bytes)} bytes, the file ` +
      `has ${count(now?.bytes ?? 0)}. Put the old file back to end that run, or name another place with --state.`,
  )
}
