import { setTimeout as sleep } from 'node:timers/promises'
import type { FleetStatus } from '../jobs/status/fleet-status.ts'
import { systemClock } from '../limiter/clock.ts'
import { Patience } from './halt/patience.ts'

/**
 * Why a wait for the end of the queue is over.
 * - `empty`: no job waits, is in backoff, or is in hand at any worker.
 * - `stands_still`: the fleet is halted or paused for longer than to wait for, see `halt/patience.ts`.
 */
export type QueueEnd =
  | {
      readonly kind: 'empty'
      /** Dead letters that the queue holds. */
      readonly deadLetters: number
      /** Accounts cleared since the wait began whose proof could not be read. */
      readonly unproved: number
    }
  | { readonly kind: 'stands_still'; readonly reason: string }

/** What else a wait may need. */
export interface UntilEmptyOptions {
  /** Called with each status, for a progress bar. */
  readonly onStatus?: (status: FleetStatus) => void
  /** Whether all jobs are in the queue. Until then an empty queue is not the end. Default: they are. */
  readonly isFilled?: () => boolean
}

const LOOK_EVERY_MS = 1000

/**
 * Waits until the queue is empty. Jobs in backoff and jobs in hand elsewhere count, so that all workers of a fleet may
 * wait for the same end. While Redis is away, the wait goes on.
 *
 * @param readStatus reads the status of the fleet
 * @returns `undefined` at the signal
 */
export async function untilEmpty(
  readStatus: () => Promise<FleetStatus>,
  signal: AbortSignal,
  { onStatus, isFilled }: UntilEmptyOptions = {},
): Promise<QueueEnd | undefined> {
  const patience = new Patience(systemClock)
  const aborted = new Promise<undefined>(resolve => signal.addEventListener('abort', () => resolve(undefined)))
  let unprovedBefore: number | undefined
  while (!signal.aborted) {
    const wasFilled = isFilled?.() ?? true
    // While Redis is away its answer may take for ever.
    const status = await Promise.race([readStatus().catch(() => undefined), aborted])
    if (status !== undefined) {
      onStatus?.(status)
      unprovedBefore ??= status.unproved
      const end = endOf(status, unprovedBefore, patience)
      if (end?.kind === 'stands_still' || (end?.kind === 'empty' && wasFilled)) return end
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
  }
  return undefined
}

function endOf(status: FleetStatus, unprovedBefore: number, patience: Patience): QueueEnd | undefined {
  const { waiting, active, delayed, failed } = status.queue
  if (waiting + active + delayed === 0) {
    return { kind: 'empty', deadLetters: failed, unproved: status.unproved - unprovedBefore }
  }
  const reason = patience.endedBy(status)
  return reason === undefined ? undefined : { kind: 'stands_still', reason }
}
