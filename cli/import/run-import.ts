import { EnqueuedCounter } from '../../jobs/enqueue/count-enqueued.ts'
import { openTarget } from '../../jobs/enqueue/enqueue-batch.ts'
import { untilRedisTakes } from '../../jobs/enqueue/until-redis-takes.ts'
import type { FleetConnection } from '../fleet-connection.ts'
import type { Shell } from '../shell.ts'
import { enqueueLines, type ImportParts, type ImportTools } from './enqueue-lines.ts'
import type { Done } from './files/checkpoint.ts'
import { type Behind, type ImportEnd, isAt, stopOf, type WentBack, wentBackTo } from './import-end.ts'
import { ImportFigures } from './progress.ts'
import { LeaseKeeper, takeFrom } from './take-import.ts'

/** Makes the figures of an import that has not begun. */
export const figuresOf = ({ input, state }: ImportParts): ImportFigures =>
  new ImportFigures(input.kind === 'file' ? state.total : undefined)

/**
 * Imports an input from its state on, and closes the list of rejected lines.
 *
 * @param figures take the progress
 * @returns how it ended, with sums that include those of earlier processes
 */
export async function runImport(
  parts: ImportParts,
  fleet: FleetConnection,
  figures: ImportFigures,
  say: Shell['say'],
): Promise<ImportEnd> {
  const { redis, prefix, app } = fleet
  const target = await openTarget(redis, prefix, app, { seals: fleet.loadSeals(), onUntold: say })
  const counter = new EnqueuedCounter(redis, prefix)
  const keeper = new LeaseKeeper(parts.lease)
  const signal = AbortSignal.any([parts.signal, keeper.lost])
  try {
    const end = await enqueueUntilThere({ ...parts, signal, app, keeper, target, counter, figures, say })
    if (keeper.takenBy === undefined) return end
    return { kind: 'taken', done: end.done, owner: keeper.takenBy }
  } finally {
    keeper.stop()
    await parts.rejectedLines.close()
    await target.queue.close()
    await counter.done()
  }
}

/** Enqueues the lines, and once more those that Redis has lost since, until Redis has all of them. */
async function enqueueUntilThere(tools: ImportTools): Promise<ImportEnd> {
  let { done } = tools.state
  for (;;) {
    const end = await becomeSure(await enqueueLines(done, tools), tools)
    if (end.kind !== 'behind') return end
    done = end.done
    if (tools.input.kind === 'stream') return { kind: 'lost', done }
    tools.say(wentBackTo(done))
    await goBack(done, tools)
  }
}

/** Looks whether Redis still has all batches of a complete import, and whether an owner of before still lives. */
async function becomeSure(end: ImportEnd | WentBack, tools: ImportTools): Promise<ImportEnd | Behind> {
  if (end.kind !== 'complete' && end.kind !== 'unsure') return end
  const { done } = end
  const hold = await untilRedisTakes(done.entries, tools.signal, () =>
    end.kind === 'unsure' ? takeFrom(end.owner, tools.lease, tools.signal) : tools.keeper.hold(),
  )
  if (end.kind === 'complete' && isAt(hold, done)) return end
  const stop = stopOf(hold, done, tools.keeper)
  if (stop.kind !== 'unsure') return stop
  return end.kind === 'unsure' ? { ...stop, kind: 'taken' } : becomeSure(stop, tools)
}

async function goBack(done: Done, { state, checkpoint, rejectedLines }: ImportTools): Promise<void> {
  await rejectedLines.cutTo(done.rejectedBytes)
  await checkpoint?.write({ ...state, done })
}
