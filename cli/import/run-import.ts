import { EnqueuedCounter } from '../../jobs/enqueue/count-enqueued.ts'
import { createProducer, type Manifest, type Producer } from '../../jobs/enqueue/producer.ts'
import type { FleetConnection } from '../fleet-connection.ts'
import type { Shell } from '../shell.ts'
import type { Done, ImportCheckpoint, ImportState } from './checkpoint.ts'
import { EntryReader } from './entry-reader.ts'
import type { Input } from './input.ts'
import { ImportFigures, showProgress } from './progress.ts'
import type { ImportLine } from './read/import-line.ts'
import { readInput } from './read/read-input.ts'
import { describe } from './read/recognised.ts'
import type { RejectedLines } from './rejected-lines.ts'

/** Parts of an import. */
export interface ImportParts {
  readonly input: Input
  /** State from which the import goes on. */
  readonly state: ImportState
  /** `undefined` if the input cannot be read a second time. */
  readonly checkpoint: ImportCheckpoint | undefined
  readonly rejectedLines: RejectedLines
  readonly maxBacklog: number
  readonly signal: AbortSignal
}

/**
 * Imports an input from its state on, shows its progress, and closes the list of rejected lines.
 *
 * @returns the sums, including those of earlier processes; after the signal, up to the last batch that was sent
 */
export async function runImport(parts: ImportParts, fleet: FleetConnection, shell: Shell): Promise<Done> {
  const { redis, prefix, app } = fleet
  const producer = createProducer({ redis, prefix, app })
  // Counts lines that the producer does not see.
  const counter = new EnqueuedCounter(redis, prefix)
  const figures = new ImportFigures(parts.input.bytes)
  const stream = parts.input.open(parts.signal)
  let endProgress = (): void => {}
  try {
    const lines = await openLines(counted(stream, figures), parts, shell)
    if (lines === undefined) return parts.state.done
    endProgress = showProgress(figures, shell)
    return await enqueueEntries(parts, lines, producer, counter, figures)
  } finally {
    endProgress()
    // An open pipe would keep the program from ending.
    stream.destroy()
    await parts.rejectedLines.close()
    await producer.close()
    await counter.done()
  }
}

/** Recognises the input and says how it is read; `undefined` after the signal. */
async function openLines(
  bytes: AsyncIterable<Buffer>,
  { input, state, signal }: ImportParts,
  { say }: Shell,
): Promise<AsyncIterable<ImportLine> | undefined> {
  try {
    const { recognised, lines } = await readInput(bytes, {
      ...state.options.read,
      name: input.name,
      now: state.startedAt,
    })
    say(describe(recognised))
    return lines
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}

/**
 * Enqueues in batches, and stores the state after each. A process that is killed has enqueued at most one batch that the
 * checkpoint does not know. The next process sends this batch again under the same job ids.
 */
async function enqueueEntries(
  { state, checkpoint, rejectedLines, maxBacklog, signal }: ImportParts,
  lines: AsyncIterable<ImportLine>,
  producer: Producer,
  counter: EnqueuedCounter,
  figures: ImportFigures,
): Promise<Done> {
  const { deleteType, request } = state.options
  const reader = new EntryReader(state.done, rejectedLines, signal)
  const refused: { readonly index: number; readonly reason: string }[] = []
  let done = state.done
  const commit = async (sums: Manifest): Promise<void> => {
    for (const { index, reason } of refused.splice(0)) await rejectedLines.add(reader.lineOf(index), reason)
    reader.forgetLines()
    const rejectedBytes = await rejectedLines.flush()
    done = addUp(state.done, reader, sums, rejectedBytes)
    await checkpoint?.write({ ...state, done })
    counter.count(reader.takeUncounted())
    figures.show(done)
  }

  const sums = await producer.enqueueMany(reader.read(lines), {
    deleteType,
    due: state.due,
    ...(request === null ? {} : { request }),
    ...(checkpoint === undefined ? {} : { repeatable: { key: state.key, firstIndex: state.done.entries } }),
    maxBacklog,
    signal,
    onRejected: (index, reason) => refused.push({ index, reason }),
    onProgress: commit,
    onWaiting: liveJobs => figures.waits(liveJobs),
  })
  // Rejected and repeated lines after the last batch count, but not those after a batch that was not sent.
  if (sums.entries === reader.entriesGiven) await commit(sums)
  else await rejectedLines.cutTo(done.rejectedBytes)
  return done
}

const addUp = (before: Done, reader: EntryReader, sums: Manifest, rejectedBytes: number): Done => ({
  lines: reader.lines,
  accepted: before.accepted + sums.accepted,
  duplicate: before.duplicate + reader.repeated + sums.duplicate,
  strengthened: before.strengthened + sums.strengthened,
  rejected: reader.rejected + sums.rejected,
  entries: before.entries + sums.entries,
  rejectedBytes,
})

async function* counted(stream: AsyncIterable<Buffer>, figures: ImportFigures): AsyncGenerator<Buffer> {
  for await (const chunk of stream) {
    figures.read(chunk.length)
    yield chunk
  }
}
