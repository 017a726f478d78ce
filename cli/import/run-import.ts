import type { EnqueuedCounter } from '../../jobs/enqueue/count-enqueued.ts'
import type { Manifest, Producer } from '../../jobs/enqueue/producer.ts'
import type { Done, ImportCheckpoint, ImportState } from './checkpoint.ts'
import { EntryReader } from './entry-reader.ts'
import { gunzip } from './gunzip.ts'
import type { Input } from './input.ts'
import type { Progress } from './progress.ts'
import { readEntries } from './read-entries.ts'
import type { RejectedLines } from './rejected-lines.ts'

/** Parts of an import. */
export interface RunImportOptions {
  readonly input: Input
  /** State from which the import goes on. */
  readonly state: ImportState
  /** `undefined` if the input cannot be read a second time. */
  readonly checkpoint: ImportCheckpoint | undefined
  readonly rejectedLines: RejectedLines
  readonly producer: Producer
  /** Counts lines that the producer does not see. */
  readonly counter: EnqueuedCounter
  readonly maxBacklog: number
  readonly progress: Progress
  readonly signal: AbortSignal
}

/**
 * Imports an input from its state on, and stores the state after each batch. A process that is killed has enqueued at
 * most one batch that the checkpoint does not know. The next process sends this batch again under the same job ids.
 *
 * @returns the sums, including those of earlier processes; after the signal, up to the last batch that was sent
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
    // Rejected and repeated lines after the last batch count, but not those after a batch that was not sent.
    if (sums.entries === reader.entriesGiven) await commit(sums)
    else await rejectedLines.cutTo(done.rejectedBytes)
    return done
  } finally {
    // An open pipe would keep the program from ending.
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
