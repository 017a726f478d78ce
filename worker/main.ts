/**
 * The worker: takes jobs from the queue, clears the friends of each account at the vendor, and writes a receipt.
 *
 * - `pool/` takes jobs from BullMQ and gives them back; no other room here calls BullMQ.
 * - `attempt/` makes one attempt at one account: delete, look, outcome.
 * - `vendor/` sends every HTTP request to the vendor, with a permit of its own, and judges the answer.
 * - `halt/` halts the fleet on a fault of our own, probes whether it is gone, and lets the fleet go on.
 * - `observe/` writes log, metrics and traces, and changes nothing.
 * - `upkeep/` does chores in Redis: seals and trims receipts, empties BullMQ's events.
 *
 * This file runs the process until a signal; `assemble.ts` builds all parts. What does not belong in `worker/`: what
 * Redis keeps of jobs (`jobs/`) and how permits are granted (`limiter/`).
 */

import { loadSettings } from '../config/load-settings.ts'
import { answerWithin } from '../redis/answer-within.ts'
import { assembleWorker } from './assemble.ts'
import type { BeforeClear } from './attempt/before-clear.ts'
import { workerSettings } from './worker-settings.ts'

export type { AboutClear, BeforeClear } from './attempt/before-clear.ts'

/** Settings of a worker, and its hook. */
export interface RunWorkerOptions {
  /** Environment variables with the settings, for instance `process.env`. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** May stop a delete at the last moment. */
  readonly beforeClear?: BeforeClear
}

/**
 * Runs a worker until SIGTERM or SIGINT, then drains within `DRAIN_SECONDS`. A second signal ends the process at once.
 *
 * @returns the exit code: 0 after a drain in time, 1 when time ran out (other workers then repeat the jobs in hand), 78
 *   when somebody has bound the fleet to another app meanwhile
 * @throws {SettingsError} with all faults at once
 * @throws {RedisUnavailableError} when Redis does not answer, or refuses
 * @throws {RedisTooOldError} when it is older than 6.2
 * @throws {ForeignFleetError} when the fleet there is bound to another app, host, receipt key or data version
 * @throws {PortInUseError} when the HTTP port is taken
 */
export async function runWorker({ environment, beforeClear }: RunWorkerOptions): Promise<number> {
  const settings = loadSettings(environment, workerSettings)
  const worker = await assembleWorker(settings, beforeClear)
  const signal = nextSignal()
  worker.start()
  worker.log.info({ concurrency: settings.WORKER_CONCURRENCY }, 'ready')

  const foreign = await Promise.race([signal, worker.foreign])
  if (typeof foreign === 'string') worker.log.info({ signal: foreign }, 'draining')
  else worker.log.error({ code: foreign.code }, foreign.message)
  const secondSignal = nextSignal().then(() => 'second signal' as const)
  const drained = worker.drain().then(() => 'drained' as const)
  const end = (await answerWithin(settings.DRAIN_SECONDS * 1000, Promise.race([drained, secondSignal]))) ?? 'deadline'
  if (end === 'drained') worker.log.info('drained')
  else worker.log.warn({ end }, 'stopped before everything was handed back; the rest runs again when its locks end')
  if (typeof foreign !== 'string') return FOREIGN
  return end === 'drained' ? 0 : 1
}

function nextSignal(): Promise<string> {
  return new Promise(resolve => {
    const take = (signal: string): void => {
      for (const name of SIGNALS) process.off(name, take)
      resolve(signal)
    }
    for (const name of SIGNALS) process.on(name, take)
  })
}

/** Exit code 78: the worker must not be started again with these settings. */
const FOREIGN = 78

const SIGNALS = ['SIGTERM', 'SIGINT'] as const
