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
import { type AssembledWorker, assembleWorker } from './assemble.ts'
import type { BeforeClear } from './attempt/before-clear.ts'
import { drainWithin } from './drain-within.ts'
import { createLog } from './observe/log.ts'
import { watchParent } from './parent-watch.ts'
import { type EndReason, listenForEnd, type ProcessEnd } from './process-end.ts'
import { untilEmpty as untilQueueEmpty } from './until-empty.ts'
import { workerSettings } from './worker-settings.ts'

export type { AboutClear, BeforeClear } from './attempt/before-clear.ts'

/** Settings of a worker, and its hook. */
export interface RunWorkerOptions {
  /** Environment variables with the settings, for instance `process.env`. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** May stop a delete at the last moment. */
  readonly beforeClear?: BeforeClear
  /** End when the queue is empty: jobs in backoff, and in hand at other workers, are waited for. Default: never. */
  readonly untilEmpty?: boolean
}

/**
 * Runs a worker until SIGTERM, SIGINT, SIGHUP or SIGQUIT, until an error that no part caught, until the npm that started
 * it is gone, or with `untilEmpty` until the queue is empty; then drains within `DRAIN_SECONDS`. A second signal or error
 * ends the process at once.
 *
 * The caller ends the process then: jobs may still be in hand, and hold it.
 *
 * @returns the exit code: 0 after a drain in time; 1 after an error that no part caught, or when time ran out (other
 *   workers then repeat the jobs in hand); 78 when somebody has bound the fleet to another app meanwhile. With
 *   `untilEmpty`: 0 when the queue is empty; 3 when it is, but dead letters are left or clears could not be proved; 75
 *   when the worker ended before that, by a signal or because the fleet stands still
 * @throws {SettingsError} with all faults at once
 * @throws {RedisUnavailableError} when Redis does not answer, or refuses
 * @throws {RedisTooOldError} when it is older than 6.2
 * @throws {ForeignFleetError} when the fleet there is bound to another app, host, receipt key or data version
 * @throws {PortInUseError} when the HTTP port is taken
 */
export async function runWorker({ environment, beforeClear, untilEmpty = false }: RunWorkerOptions): Promise<number> {
  const settings = loadSettings(environment, workerSettings)
  const log = createLog(settings.LOG_LEVEL)
  const processEnd = listenForEnd(log)
  const waiting = new AbortController()
  const stopWatch = watchParent(environment, () => processEnd.end({ kind: 'parent_gone' }))
  try {
    const worker = await assembleWorker(settings, log, beforeClear)
    void worker.foreign.then(({ code, message }) => {
      log.error({ code }, message)
      processEnd.end({ kind: 'foreign_fleet' })
    })
    worker.start()
    log.info({ concurrency: settings.WORKER_CONCURRENCY }, 'ready')
    if (untilEmpty) void endWhenEmpty(worker, waiting.signal, processEnd)
    const reason = await processEnd.begun
    log.info(reason, 'draining')
    const drained = await drainWithin(worker, settings.DRAIN_SECONDS, log)
    return exitCodeOf(reason, drained, untilEmpty)
  } finally {
    waiting.abort()
    stopWatch()
    processEnd.close()
  }
}

async function endWhenEmpty(
  { readStatus }: AssembledWorker,
  signal: AbortSignal,
  processEnd: ProcessEnd,
): Promise<void> {
  const end = await untilQueueEmpty(readStatus, signal)
  if (end !== undefined) processEnd.end(end)
}

/** 78: the worker must not be started again with these settings. 75: it may, and then does what is left. */
function exitCodeOf(reason: EndReason, drained: boolean, untilEmpty: boolean): number {
  switch (reason.kind) {
    case 'foreign_fleet':
      return 78
    case 'fault':
      return 1
    case 'empty':
      return reason.deadLetters + reason.unproved > 0 ? 3 : 0
    case 'stands_still':
      return 75
    case 'signal':
    case 'parent_gone':
      return untilEmpty ? 75 : Number(!drained)
    default:
      return reason satisfies never
  }
}
