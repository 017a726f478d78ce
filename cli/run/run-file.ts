/**
 * One command for one file: the story of `clear-friends run`.
 *
 * 1. `openRun` reads the file, takes the lock of its state, and asks once whether to begin.
 * 2. `withRedis` starts the private Redis on the state's data.
 * 3. `drive` lets a worker of this process clear accounts while the import fills the queue, until the queue is empty.
 * 4. `proveRun` writes receipts and certificate, and sums the run up.
 * 5. What is proved needs no state any more: it is removed, unless it is to be kept.
 *
 * What belongs in `run/`: the state, and the order of these steps. What does not: how to import (`import/`), to clear
 * (`worker/`), to export and certify (`jobs/receipts/`) and to run a Redis (`private-redis/`); a run has no second way to do any of it.
 */

import { cacheFolder } from '../../private-redis/cache-folder.ts'
import { findRedisProgram } from '../../private-redis/find-redis.ts'
import { startKeptRedis } from '../../private-redis/kept-redis.ts'
import { EXIT } from '../exit-codes.ts'
import { type FleetConnection, withFleet } from '../fleet-connection.ts'
import { NOTHING_DONE } from '../import/files/checkpoint.ts'
import type { Shell } from '../shell.ts'
import { takeAppLock } from './app-lock.ts'
import { type Driven, drive } from './drive.ts'
import { mayGoOn, replayDeadLetters } from './go-on.ts'
import { completeSettings } from './missing-settings.ts'
import { closeRun, type OpenRun, openRun } from './open-run.ts'
import { proveRun, type RunEnd } from './prove-run.ts'
import type { RunOptions } from './run-options.ts'
import { loadWorkerSettings, runEnvironment } from './run-settings.ts'
import { summaryInWords } from './summary.ts'

/**
 * Clears the accounts of a file, from the question to the certificate. Safe to repeat at any point: the same command goes on
 * where the one before ended, however it ended.
 *
 * @returns the exit code
 * @throws {SettingsError} when settings are wrong, or missing where nobody can be asked
 * @throws {RunError}, {ImportFileError}, {InputFormatError} when a file cannot be used
 * @throws {InterruptedError} at a signal before anything was done, and while another process is at work on this run
 * @throws {RedisNotFoundError}, {RedisStartError} when there is no Redis
 */
export async function runFile(file: string, options: RunOptions, shell: Shell): Promise<number> {
  const environment = await completeSettings(shell)
  const run = await openRun(file, options, { ...shell, environment })
  if (run === undefined) return EXIT.failed
  try {
    return await conclude(endBefore(run) ?? (await withRedis(run)), run)
  } finally {
    await closeRun(run)
  }
}

/** Gives the end of a run that an earlier process brought to its end. */
function endBefore({ state: { done, imported } }: OpenRun): RunEnd | undefined {
  return done === null ? undefined : { summary: done, sums: imported ?? NOTHING_DONE, isOver: true }
}

/** Starts the private Redis, does what is left of the run, and stops the Redis again. */
async function withRedis(run: OpenRun): Promise<RunEnd> {
  const { shell, folder, stopper } = run
  const program = await findRedisProgram(shell.say)
  const appLock = await takeAppLock(cacheFolder(), loadWorkerSettings(shell.environment))
  try {
    const redis = await startKeptRedis({ dir: folder.entry('redis'), program })
    void redis.gone.then(() => stopper.stop(`its Redis has ended; ${folder.entry('redis/server.log')} says why`))
    try {
      const environment = runEnvironment(shell.environment, redis.url)
      return await withFleet(environment, fleet => goThrough({ ...run, shell: { ...shell, environment } }, fleet))
    } finally {
      await redis.stop()
    }
  } finally {
    appLock.release()
  }
}

async function goThrough(run: OpenRun, fleet: FleetConnection): Promise<RunEnd> {
  const settings = loadWorkerSettings(run.shell.environment)
  if (run.options.retry) await replayDeadLetters(fleet, run)
  const refusal = await mayGoOn(fleet, run)
  const driven: Driven =
    refusal === undefined
      ? await drive(run, fleet, settings)
      : { sums: run.state.imported ?? NOTHING_DONE, stopped: refusal }
  return proveRun(driven, run, fleet, settings)
}

/** Prints the summary, and removes a state that is not needed any more. */
async function conclude({ summary, sums, isOver }: RunEnd, { options, folder, shell }: OpenRun): Promise<number> {
  const removes = isOver && !options.keep
  if (removes) await folder.remove()
  const shown = { ...summary, state: removes ? null : folder.path }
  shell.print(options.json ? JSON.stringify(shown) : summaryInWords(shown, sums))
  return EXIT[shown.result]
}
