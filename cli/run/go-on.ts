import { createDeadLetters } from '../../jobs/dead-letters/dead-letters.ts'
import { openQueue } from '../../jobs/job/queue.ts'
import { createFleetControl } from '../../jobs/status/fleet-control.ts'
import { createFleetReader } from '../../jobs/status/fleet-state.ts'
import { needsAPerson } from '../../worker/halt/prober.ts'
import type { FleetConnection } from '../fleet-connection.ts'
import { askYesOrNo, canAsk } from '../terminal/ask.ts'
import { counted } from '../words.ts'
import type { OpenRun } from './open-run.ts'

const REPLAY_AT_ONCE = 200

/**
 * Decides whether a run that an earlier process left goes on. A halt that a probe may end ends by itself. One that only a
 * person can end needs the person's word, on a terminal or by `--go-on`: a scheduler that runs the command again must not
 * overrule it.
 *
 * @returns why it does not go on; `undefined` where it does
 */
export async function mayGoOn({ redis, prefix }: FleetConnection, run: OpenRun): Promise<string | undefined> {
  const { halted } = await createFleetReader(redis, prefix)()
  if (halted === null || !needsAPerson(halted.code)) return undefined
  const why = `halted, code ${halted.code}: ${halted.reason}`
  if (!run.options.goOn && !(await askToGoOn(why, run))) return `${why} Give --go-on to go on all the same.`
  const queue = await openQueue(redis, prefix)
  const control = createFleetControl(redis, queue, prefix)
  await control.resume({ reason: 'run goes on', atMs: Date.now() }).finally(() => queue.close())
  return undefined
}

async function askToGoOn(why: string, { shell, stopper }: OpenRun): Promise<boolean> {
  if (!canAsk(shell)) return false
  shell.say(`this run is ${why}`)
  return askYesOrNo('Go on all the same?', shell, stopper.signal)
}

/** Enqueues the dead letters of earlier processes anew. */
export async function replayDeadLetters({ redis, prefix }: FleetConnection, { shell }: OpenRun): Promise<void> {
  const deadLetters = createDeadLetters(redis, prefix)
  const jobIds: string[] = []
  for await (const { jobId } of deadLetters.read()) jobIds.push(jobId)
  for (let from = 0; from < jobIds.length; from += REPLAY_AT_ONCE) {
    await deadLetters.replay(jobIds.slice(from, from + REPLAY_AT_ONCE), 'all, by run --retry')
  }
  shell.say(`${counted(jobIds.length, 'dead letter')} of earlier tried once more`)
}
