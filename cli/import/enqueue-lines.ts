import { Batch } from '../../jobs/enqueue/batch.ts'
import type { EnqueuedCounter } from '../../jobs/enqueue/count-enqueued.ts'
import { type Enqueued, sendBatch, type Target } from '../../jobs/enqueue/enqueue-batch.ts'
import type { Finish, Hold, ImportLease } from '../../jobs/enqueue/lease/import-lease.ts'
import { type BatchOptions, batchSizeFor, readBatches } from '../../jobs/enqueue/read-batches.ts'
import { untilRedisTakes } from '../../jobs/enqueue/until-redis-takes.ts'
import type { Shell } from '../shell.ts'
import { EntryReader } from './entry-reader.ts'
import type { Done, ImportCheckpoint, ImportState } from './files/checkpoint.ts'
import type { Input } from './files/input.ts'
import type { RejectedLines } from './files/rejected-lines.ts'
import { type ImportEnd, isAt, stopOf, type WentBack } from './import-end.ts'
import { parseLines } from './parse-lines.ts'
import type { ImportFigures } from './progress.ts'
import type { LeaseKeeper } from './take-import.ts'

/** Parts of an import. */
export interface ImportParts {
  readonly input: Input
  /** State from which the import goes on. */
  readonly state: ImportState
  /** Held by this process. */
  readonly lease: ImportLease
  /** `undefined` if the input cannot be read a second time. */
  readonly checkpoint: ImportCheckpoint | undefined
  readonly rejectedLines: RejectedLines
  readonly maxBacklog: number
  readonly signal: AbortSignal
}

/** Parts of an import that is under way. */
export interface ImportTools extends ImportParts {
  readonly app: number | undefined
  readonly keeper: LeaseKeeper
  readonly target: Target
  /** Counts for the metrics of the fleet. */
  readonly counter: EnqueuedCounter
  readonly figures: ImportFigures
  readonly say: Shell['say']
}

/**
 * Enqueues the lines behind `start` in batches, and stores the state after each. A process that is killed has sent at
 * most one batch that Redis does not count as done. The next process sends this batch again under the same job ids.
 */
export async function enqueueLines(start: Done, tools: ImportTools): Promise<ImportEnd | WentBack> {
  const { input, state, rejectedLines, signal, say } = tools
  const reader = new EntryReader(start, rejectedLines, signal)
  const stream = input.kind === 'file' ? input.file.readAgain(signal) : input.open(signal)
  let done = start
  try {
    const wanted = { ...state.options.read, name: input.name, now: state.startedAt }
    const parsed = await parseLines(stream, wanted, signal)
    if (parsed === undefined) return { kind: 'interrupted', done }
    // A file's first reading has said so.
    if (input.kind === 'stream') say(parsed.described)
    for await (const batch of readBatches(reader.read(parsed.lines), batchOptions(start, tools))) {
      const sent = await send(batch, done, reader, tools)
      if (sent.kind !== 'sent') return sent
      done = sent.done
      await store(sent, tools)
    }
    // Rejected and repeated lines after the last batch.
    const rest = await send(new Batch(0), done, reader, tools)
    if (rest.kind !== 'sent') return rest
    done = rest.done
    await store(rest, tools)
    return { kind: signal.aborted ? 'interrupted' : 'complete', done }
  } catch (error) {
    return { kind: 'failed', done, error }
  } finally {
    // An open pipe would keep the program from ending.
    if ('destroy' in stream) stream.destroy()
  }
}

function batchOptions(start: Done, { state, app, maxBacklog, signal }: ImportTools): BatchOptions {
  const { deleteType, request } = state.options
  return {
    defaults: { deleteType, due: state.due, ...(request === null ? {} : { request }) },
    app,
    size: batchSizeFor(maxBacklog),
    repeatable: { key: state.key, firstIndex: start.entries },
    signal,
  }
}

type Sent = { readonly kind: 'sent'; readonly done: Done; readonly growth: Growth }

/** Sends a batch until Redis has it and has recorded that. */
async function send(
  batch: Batch,
  done: Done,
  reader: EntryReader,
  tools: ImportTools,
): Promise<Sent | ImportEnd | WentBack> {
  const { rejectedLines } = tools
  for (const { index, reason } of batch.refused) await rejectedLines.add(reader.lineOf(index), reason)
  reader.forgetLines()
  const unsent = reader.takeUncounted()
  for (;;) {
    const { added, hold } = await trySend(batch, done, tools)
    if (added === undefined || hold?.kind !== 'held') return stop(hold, done, tools)
    const growth = growthOf(added, { ...unsent, rejected: unsent.rejected + batch.refused.length })
    const next = addUp(done, growth, batch, reader.lines, await rejectedLines.flush())
    const finished = await finish(batch, done, next, hold.history, tools)
    if (finished === 'done') return { kind: 'sent', done: next, growth }
    // Redis restarted, or the lease is lost: the next look at the lease shows which.
  }
}

/** Sends a batch after a look at the lease; gives that look. */
async function trySend(
  { jobs }: Batch,
  done: Done,
  { target, keeper, maxBacklog, figures, signal }: ImportTools,
): Promise<{ readonly added: readonly Enqueued[] | undefined; readonly hold: Hold | undefined }> {
  let hold: Hold | undefined
  const mayGoOn = async (): Promise<boolean> => {
    hold = await keeper.hold()
    return isAt(hold, done)
  }
  const onWaiting = (liveJobs: number): void => figures.waits(liveJobs)
  const added = await sendBatch(target, jobs, done.entries, { maxBacklog, signal, onWaiting, mayGoOn })
  return { added, hold }
}

function finish(
  { jobIds }: Batch,
  before: Done,
  next: Done,
  history: string,
  { lease, signal }: ImportTools,
): Promise<Finish> {
  const record = { entries: next.entries, done: JSON.stringify(next) }
  return untilRedisTakes(before.entries, signal, () =>
    lease.finish({ history, entriesBefore: before.entries, record, jobIds }),
  )
}

async function store({ done, growth }: Sent, { state, checkpoint, counter, figures }: ImportTools): Promise<void> {
  counter.count(growth)
  figures.show(done)
  await checkpoint?.write({ ...state, done })
}

/** Ends before a batch that was not sent. Its lines do not count, and neither do the rejected ones before it. */
async function stop(
  hold: Hold | undefined,
  done: Done,
  { rejectedLines, keeper }: ImportTools,
): Promise<ImportEnd | WentBack> {
  await rejectedLines.cutTo(done.rejectedBytes)
  return hold === undefined ? { kind: 'interrupted', done } : stopOf(hold, done, keeper)
}

interface Growth {
  readonly accepted: number
  readonly duplicate: number
  readonly strengthened: number
  readonly rejected: number
}

/** Adds the results of a batch to the lines that were in no batch. */
function growthOf(
  added: readonly Enqueued[],
  lines: { readonly rejected: number; readonly duplicate: number },
): Growth {
  const accepted = added.filter(({ result }) => result === 'accepted').length
  return {
    accepted,
    duplicate: added.length - accepted + lines.duplicate,
    strengthened: added.filter(each => each.result === 'duplicate' && each.strengthened).length,
    rejected: lines.rejected,
  }
}

const addUp = (before: Done, growth: Growth, batch: Batch, lines: number, rejectedBytes: number): Done => ({
  lines,
  accepted: before.accepted + growth.accepted,
  duplicate: before.duplicate + growth.duplicate,
  strengthened: before.strengthened + growth.strengthened,
  rejected: before.rejected + growth.rejected,
  entries: before.entries + batch.nextIndex - batch.firstIndex,
  rejectedBytes,
})
