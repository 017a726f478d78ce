import { Command, InvalidArgumentError, Option } from 'commander'
import { EnqueuedCounter } from '../../jobs/enqueue/count-enqueued.ts'
import { createProducer } from '../../jobs/enqueue/producer.ts'
import { defaultDue } from '../../jobs/job/due.ts'
import { readFleetId } from '../../jobs/status/fleet-state.ts'
import { EXIT } from '../exit-codes.ts'
import { type FleetConnection, withFleet } from '../fleet-connection.ts'
import { deleteTypeOption, dueTextOption, type JobOptions, requestOption } from '../job-options.ts'
import { count, print, say } from '../output.ts'
import { beginImport, newImport, type WantedImport } from './begin-import.ts'
import { Checkpoint, type Done, type ImportState } from './checkpoint.ts'
import { requireDistinct } from './distinct-files.ts'
import { FORMATS, type Format, formatOf } from './format.ts'
import { contentOf, type Input, openInput } from './input.ts'
import { abortOnSignals } from './interruption.ts'
import { startProgress } from './progress.ts'
import { isInputFault } from './read-entries.ts'
import { RejectedLines } from './rejected-lines.ts'
import { runImport } from './run-import.ts'

interface ImportOptions extends Omit<JobOptions, 'due'> {
  readonly due?: { readonly text: string; readonly at: number }
  readonly format?: Format
  readonly column: string
  readonly maxBacklog: number
  readonly resume?: true
  readonly rejectedFile?: string
  readonly checkpointFile?: string
  readonly json?: true
}

/** `clear-friends import <file|->`: enqueues the accounts of a file and ends with a manifest that adds up. */
export function importCommand(): Command {
  return new Command('import')
    .description(
      'Enqueues the accounts of a file, which may be gzipped. Rejected lines go to <file>.rejected with number and ' +
        'reason. How far it is stands in <file>.checkpoint until the end, so that --resume can go on.',
    )
    .argument('<file>', 'a txt, csv or ndjson file, or - for standard input')
    .addOption(new Option('--format <format>', 'default: by the file’s extension, else txt').choices(FORMATS))
    .option('--column <name>', 'the csv column that holds the account', 'account')
    .addOption(deleteTypeOption())
    .addOption(dueTextOption())
    .addOption(requestOption())
    .addOption(maxBacklogOption())
    .option('--resume', 'go on where an interrupted import of this file stopped')
    .option('--rejected-file <path>', 'list the rejected lines there')
    .option('--checkpoint-file <path>', 'keep the checkpoint there')
    .option('--json', 'print the manifest as JSON')
    .action(async (file: string, options: ImportOptions, command: Command) => {
      const input = await openInput(file)
      if (input.bytes === undefined && (options.resume || options.checkpointFile !== undefined)) {
        command.error(`error: ${input.name} cannot be read again, so its import cannot be resumed`)
      }
      await withFleet(fleet => importInput(input, options, fleet))
    })
}

const maxBacklogOption = (): Option =>
  new Option(
    '--max-backlog <jobs>',
    'wait while the queue holds so many jobs; each further import at the same time may add 1,000',
  )
    .default(200_000)
    .argParser(text => {
      if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
      throw new InvalidArgumentError('expected a whole number from 1')
    })

async function importInput(input: Input, options: ImportOptions, fleet: FleetConnection): Promise<void> {
  const interruption = abortOnSignals()
  try {
    const { signal } = interruption
    const checkpoint =
      input.bytes === undefined ? undefined : new Checkpoint(options.checkpointFile ?? `${input.beside}.checkpoint`)
    const rejectedFile = options.rejectedFile ?? `${input.beside}.rejected`
    const inputAndCheckpoint = checkpoint && [
      { what: 'the input', file: input.name },
      { what: 'the checkpoint', file: checkpoint.file },
    ]
    await requireDistinct([...(inputAndCheckpoint ?? []), { what: 'the list of rejected lines', file: rejectedFile }])
    const state = await begin(input, options, fleet, checkpoint, signal)
    const rejectedLines = new RejectedLines(rejectedFile, state.done.rejectedBytes)
    // Whatever can be known to go wrong goes wrong before anything is enqueued.
    await rejectedLines.check()
    await checkpoint?.write(state)
    const done = await run({ input, state, checkpoint, rejectedLines, options, fleet, signal })
    report(done, rejectedLines.file, options.json)
    if (!signal.aborted) return await checkpoint?.remove()
    say(`interrupted: the lines after these were not enqueued; ${howToGoOn(checkpoint)}`)
    process.exitCode = EXIT.failed
  } finally {
    interruption.stop()
  }
}

async function begin(
  input: Input,
  { format, column, deleteType, due, request, resume }: ImportOptions,
  { redis, prefix, settings }: FleetConnection,
  checkpoint: Checkpoint | undefined,
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
  readonly checkpoint: Checkpoint | undefined
  readonly rejectedLines: RejectedLines
  readonly options: ImportOptions
  readonly fleet: FleetConnection
  readonly signal: AbortSignal
}

async function run({ options, fleet, ...rest }: Run): Promise<Done> {
  const producer = createProducer({ redis: fleet.redis, prefix: fleet.prefix })
  const counter = new EnqueuedCounter(fleet.redis, fleet.prefix)
  const progress = startProgress(rest.input.bytes)
  try {
    return await runImport({ ...rest, producer, counter, progress, maxBacklog: options.maxBacklog })
  } catch (error) {
    // Nobody can go on in a file that must be mended first.
    if (isInputFault(error)) await rest.checkpoint?.remove()
    else say(`stopped: what was enqueued stays; ${howToGoOn(rest.checkpoint)}`)
    throw error
  } finally {
    progress.stop()
    await rest.rejectedLines.close()
    await producer.close()
    await counter.done()
  }
}

const howToGoOn = (checkpoint: Checkpoint | undefined): string =>
  checkpoint === undefined
    ? 'running the same import again enqueues no account twice that is still in the queue'
    : 'the same command with --resume goes on from here'

function report({ lines, accepted, duplicate, rejected }: Done, file: string, json: true | undefined): void {
  const rejectedFile = rejected > 0 ? file : null
  if (json) print(JSON.stringify({ lines, accepted, duplicate, rejected, rejectedFile }))
  else
    print(
      `${count(lines)} lines = ${count(accepted)} accepted + ${count(duplicate)} duplicate + ${count(rejected)} rejected`,
    )
  if (rejectedFile !== null) say(`the rejected lines are listed in ${rejectedFile}`)
}
