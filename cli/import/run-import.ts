import type { EnqueuedCounter } from '../../jobs/enqueue/count-enqueued.ts'
import type { Manifest, Producer } from '../../jobs/enqueue/producer.ts'
import type { Done, ImportCheckpoint, ImportState } from './checkpoint.ts'
import { EntryReader } from './entry-reader.ts'
import { gunzip } from './gunzip.ts'
import type { Input } from './input.ts'
import type { Progress } from './progress.ts'
import { readEntries } from './read-entries.ts'
import type { RejectedLines } from './rejected-lines.ts'

/** What an import takes. */
export interface RunImportOptions {
  readonly input: Input
  /** Where to go on. */
  readonly state: ImportState
  /** Nothing where the input cannot be read again. */
  readonly checkpoint: ImportCheckpoint | undefined
  readonly rejectedLines: RejectedLines
  readonly producer: Producer
  /** Counts the lines that the producer does not see. */
  readonly counter: EnqueuedCounter
  readonly maxBacklog: number
  readonly progress: Progress
  readonly signal: AbortSignal
}

/**
 * Imports an input from where its state says, and stores the state after each batch: a process that is killed at any
 * moment has enqueued at most one batch that the checkpoint does not know, and that is sent again under the same job ids.
 *
 * @returns what was done, by earlier processes too; after the signal, up to the last batch that was sent
 */
export async function runImport(options: RunImportOptions): Promise<Done> {
  const { input, state, checkpoint, rejectedLines, producer, counter, progress, signal } = options
  const { format, column, deleteType, request } = state.options
  const reader = new EntryReader(state.done, rejectedLines, signal)
  let done = state.done
  const commit = async (sums: Manifest): Promise<void> => {
    const rejectedBytes = await rejectedLines.flush()
    done = addUp(state.done, reader, sums, rejectedBytes)
    await checkpoint?.write({ ...state, done })
    counter.count(reader.takeUncounted())
    progress.show(done)
  }

  const stream = input.open(signal)
  try {
    const bytes = counted(stream, size => progress.read(size))
    const lines = readEntries(gunzip(bytes), format, column, state.startedAt)
    const sums = await producer.enqueueMany(reader.read(lines), {
      deleteType,
      due: state.due,
      ...(request === null ? {} : { request }),
      ...(checkpoint === undefined ? {} : { repeatable: { key: state.key, firstIndex: state.done.entries } }),
      maxBacklog: options.maxBacklog,
      signal,
      onProgress: commit,
      onWaiting: liveJobs => progress.waits(liveJobs),
    })
    // Lines behind the last batch may be rejected or repeated ones. Those behind a batch that was not sent do not count.
    if (sums.entries === reader.entriesGiven) await commit(sums)
    else await rejectedLines.cutTo(done.rejectedBytes)
    return done
  } finally {
    // A pipe that is still open would keep the program from ending.
    stream.destroy()
  }
}

const addUp = (before: Done, reader: EntryReader, sums: Manifest, rejectedBytes: number): Done => ({
  lines: reader.lines,
  accepted: before.accepted + sums.accepted,
  duplicate: before.duplicate + reader.repeated + sums.duplicate,
  rejected: reader.rejected + sums.rejected,
  entries: before.entries + sums.entries,
  rejectedBytes,
})

async function* counted(stream: AsyncIterable<Buffer>, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of stream) {
    onBytes(chunk.length)
    yield chunk
  }
}
