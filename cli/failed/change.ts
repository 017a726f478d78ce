import type { Command } from 'commander'
import {
  createDeadLetters,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetters,
  type DiscardResult,
  type ReplayResult,
} from '../../jobs/dead-letters/dead-letters.ts'
import { isForeignName, loadJobNames } from '../../jobs/job/job-names.ts'
import { EXIT } from '../exit-codes.ts'
import { withFleet } from '../fleet-connection.ts'
import type { Shell } from '../shell.ts'
import { count } from '../words.ts'

/** Choice of the dead letters that a command changes, and the form of its report. */
export interface Selection extends Omit<DeadLetterFilter, 'untilMs'> {
  readonly all?: true
  readonly dryRun?: true
  readonly json?: true
  readonly jobIds: readonly string[]
}

/** Redis does nothing else during a batch; 100 jobs take about ten milliseconds. */
const BATCH = 100

type Result = ReplayResult | DiscardResult

/**
 * Replays or discards the chosen dead letters in batches. A replayed job that gives up again meanwhile is not replayed
 * a second time.
 *
 * @returns the exit code
 */
export async function changeDeadLetters(
  action: 'replay' | 'discard',
  selection: Selection,
  command: Command,
  { environment, print, say }: Shell,
): Promise<number> {
  const { jobIds, all, dryRun, json, ...chosen } = selection
  const isFiltered = Object.keys(chosen).length > 0
  if (!isFiltered && jobIds.length === 0 && !all) {
    command.error('error: name job ids, a filter (--code, --since, --request), or --all', { exitCode: EXIT.usage })
  }
  if (jobIds.length > 0 && (isFiltered || all)) {
    command.error('error: job ids go with no filter and not with --all', { exitCode: EXIT.usage })
  }
  return withFleet(environment, async ({ redis, prefix }) => {
    const letters = createDeadLetters(redis, prefix)
    // A second ahead, because workers stamp dead letters with their own clocks.
    const untilMs = Date.now() + 1000
    const ids = jobIds.length > 0 ? await letters.toJobIds(jobIds) : idsOf(letters.read({ ...chosen, untilMs }))
    const { nameOf } = await loadJobNames(redis, prefix)
    const shown = (idOrName: string): string => (isForeignName(idOrName) ? idOrName : nameOf(idOrName))
    const sums = new Map<string, number>()
    for await (const batch of inBatches(ids)) {
      const results = dryRun ? await tryOut(letters, batch) : await letters[action](batch, describeChoice(selection))
      results.forEach((result, index) => {
        sums.set(result, (sums.get(result) ?? 0) + 1)
        if (jobIds.length > 0 && result in WHY_NOT) say(`${shown(batch[index] ?? '')}: ${WHY_NOT[result]}`)
      })
    }
    print(json ? JSON.stringify(Object.fromEntries(sums)) : describeSums(action, sums, dryRun))
    const wasDone = [...sums.keys()].every(result => !(result in WHY_NOT))
    return wasDone ? EXIT.done : EXIT.failed
  })
}

/** Describes the operator's choice for the log of actions, which must not hold a user id. */
function describeChoice({ code, sinceMs, request, jobIds }: Selection): string {
  if (jobIds.length > 0) return `${jobIds.length} job ids`
  const parts = [
    ...(code === undefined ? [] : [`--code ${code}`]),
    ...(sinceMs === undefined ? [] : [`--since ${new Date(sinceMs).toISOString()}`]),
    ...(request === undefined ? [] : [`--request ${request}`]),
  ]
  return parts.length === 0 ? '--all' : parts.join(' ')
}

async function* idsOf(letters: AsyncIterable<DeadLetter>): AsyncGenerator<string> {
  for await (const { jobId } of letters) yield jobId
}

async function* inBatches(ids: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string[]> {
  let batch: string[] = []
  for await (const id of ids) {
    batch.push(id)
    if (batch.length === BATCH) {
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

const tryOut = (letters: DeadLetters, jobIds: readonly string[]): Promise<readonly ('would' | 'not_found')[]> =>
  Promise.all(jobIds.map(async jobId => ((await letters.find(jobId)) === undefined ? 'not_found' : 'would')))

const WHY_NOT: Readonly<Partial<Record<Result | 'would', string>>> = {
  live: 'its account has another job in the queue; the dead letter stays',
  in_queue: 'it is no dead letter: it waits in the queue or is in hand',
  not_found: 'there is no such dead letter',
  unsettled: 'it was failed without an outcome, so there is no receipt of it; replay it instead',
}

function describeSums(action: string, sums: ReadonlyMap<string, number>, dryRun: true | undefined): readonly string[] {
  const verb = action === 'replay' ? 'replayed' : 'discarded'
  const done = count(sums.get(dryRun ? 'would' : verb) ?? 0)
  const first = `${done} dead letters ${dryRun ? 'would be' : 'were'} ${verb}`
  const rest = [...sums].filter(([result]) => result in WHY_NOT)
  return [first, ...rest.map(([result, jobs]) => `${count(jobs)} not: ${WHY_NOT[result as Result]}`)]
}
