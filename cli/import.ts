import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { SingleBar } from 'cli-progress'
import { Command, Option } from 'commander'
import { createProducer, EnqueuedCounter, type Entry } from '../jobs/index.ts'
import { EXIT } from './exit-codes.ts'
import { withFleet } from './fleet-connection.ts'
import { FORMATS, type Format, readEntries } from './import-file/read-entries.ts'
import { RejectedLines } from './import-file/rejected-lines.ts'
import { deleteTypeOption, dueOption, type JobOptions, requestOption } from './job-options.ts'
import { count, print, say } from './output.ts'

type ImportOptions = JobOptions & { readonly format?: Format; readonly column: string; readonly json?: true }

/** `clear-friends import <file|->`: enqueues the accounts of a file and ends with a manifest that adds up. */
export function importCommand(): Command {
  return new Command('import')
    .description('Enqueues the accounts of a file. Rejected lines go to <file>.rejected with number and reason.')
    .argument('<file>', 'a txt, csv or ndjson file, or - for standard input')
    .addOption(new Option('--format <format>', 'default: by the file’s extension, else txt').choices(FORMATS))
    .option('--column <name>', 'the csv column that holds the account', 'account')
    .addOption(deleteTypeOption())
    .addOption(dueOption())
    .addOption(requestOption())
    .option('--json', 'print the manifest as JSON')
    .action(async (file: string, options: ImportOptions) => {
      const input = await openInput(file)
      await withFleet(async fleet => {
        const producer = createProducer({ redis: fleet.redis, prefix: fleet.prefix, dueDays: fleet.settings.DUE_DAYS })
        const rejected = new RejectedLines(file === '-' ? 'stdin.rejected' : `${file}.rejected`)
        const interrupted = abortOnSignals()
        const progress = startProgress(input.bytes)
        const stream = addAbortSignal(interrupted.signal, input.open())
        try {
          const lines = readEntries(
            counted(stream, bytes => progress.read(bytes)),
            options.format ?? formatOf(file),
            options.column,
          )
          const sums = await producer.enqueueMany(entriesOf(lines, rejected, interrupted.signal), {
            ...options,
            signal: interrupted.signal,
            onProgress: manifest => progress.show(manifest.accepted, manifest.duplicate, rejected.count),
          })
          progress.stop()
          await rejected.close()
          // The producer has not seen these lines.
          const counter = new EnqueuedCounter(fleet.redis, fleet.prefix)
          counter.count({ rejected: rejected.count })
          await counter.done()
          report(
            {
              ...sums,
              rejected: rejected.count + sums.rejected,
              rejectedFile: rejected.count > 0 ? rejected.file : null,
            },
            options.json,
          )
          if (interrupted.signal.aborted) {
            say(
              'interrupted: the lines after these were not read; running the same import again enqueues no account twice',
            )
            process.exitCode = EXIT.failed
          }
        } finally {
          progress.stop()
          interrupted.stop()
          stream.destroy()
          await rejected.close()
          await producer.close()
        }
      })
    })
}

interface Sums {
  readonly accepted: number
  readonly duplicate: number
  readonly rejected: number
  readonly rejectedFile: string | null
}

function report({ accepted, duplicate, rejected, rejectedFile }: Sums, json: true | undefined): void {
  const lines = accepted + duplicate + rejected
  if (json) print(JSON.stringify({ lines, accepted, duplicate, rejected, rejectedFile }))
  else
    print(
      `${count(lines)} lines = ${count(accepted)} accepted + ${count(duplicate)} duplicate + ${count(rejected)} rejected`,
    )
  if (rejectedFile !== null) say(`the rejected lines are listed in ${rejectedFile}`)
}

/**
 * Passes the good lines on and writes the others down. Ends at the signal, even while the input has nothing to give; a
 * line that has not come whole is not passed on, since half a user id may be somebody else's.
 */
async function* entriesOf(
  lines: ReturnType<typeof readEntries>,
  rejected: RejectedLines,
  signal: AbortSignal,
): AsyncGenerator<Entry> {
  try {
    for await (const line of lines) {
      if ('entry' in line) yield line.entry
      else await rejected.add(line.line, line.fault)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Thrown when the input cannot be opened. */
class InputFileError extends Error {
  override readonly name = 'InputFileError'
  readonly code = 'INPUT_FILE'
}

interface Input {
  /** Size where it is known beforehand. */
  readonly bytes: number | undefined
  open(): Readable
}

async function openInput(file: string): Promise<Input> {
  if (file === '-') return { bytes: undefined, open: () => process.stdin }
  const found = await stat(file).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown fault'
    const text = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`
    throw new InputFileError(`${file}: ${text}`)
  })
  if (found.isDirectory()) throw new InputFileError(`${file}: it is a folder`)
  return { bytes: found.size, open: () => createReadStream(file) }
}

async function* counted(stream: AsyncIterable<Buffer>, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of stream) {
    onBytes(chunk.length)
    yield chunk
  }
}

function formatOf(file: string): Format {
  const extension = extname(basename(file)).slice(1).toLowerCase()
  if (extension === 'csv') return 'csv'
  return extension === 'ndjson' || extension === 'jsonl' ? 'ndjson' : 'txt'
}

function abortOnSignals(): { signal: AbortSignal; stop: () => void } {
  const interrupted = new AbortController()
  const abort = (): void => interrupted.abort()
  process.once('SIGINT', abort).once('SIGTERM', abort)
  return { signal: interrupted.signal, stop: () => void process.off('SIGINT', abort).off('SIGTERM', abort) }
}

interface Progress {
  read(bytes: number): void
  show(accepted: number, duplicate: number, rejected: number): void
  stop(): void
}

/** A bar on a terminal; nothing where a program reads along. */
function startProgress(totalBytes: number | undefined): Progress {
  if (!process.stderr.isTTY) return { read: () => {}, show: () => {}, stop: () => {} }
  let bytes = 0
  const bar = new SingleBar({
    format:
      totalBytes === undefined
        ? '{accepted} accepted, {duplicate} duplicate, {rejected} rejected'
        : '{bar} {percentage} % | {eta_formatted} left | {accepted} accepted, {duplicate} duplicate, {rejected} rejected',
    stream: process.stderr,
    clearOnComplete: true,
  })
  bar.start(totalBytes ?? 0, 0, { accepted: 0, duplicate: 0, rejected: 0 })
  return {
    read: more => {
      bytes += more
    },
    show: (accepted, duplicate, rejected) =>
      bar.update(bytes, { accepted: count(accepted), duplicate: count(duplicate), rejected: count(rejected) }),
    stop: () => bar.stop(),
  }
}
