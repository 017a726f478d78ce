import type { RedisConnection } from '../../redis/connection.ts'
import type { FinalOutcome } from '../job/outcome.ts'
import { createFleetReader } from './fleet-state.ts'
import { createQueueStatusReader, type QueueStatus, type RateSettings } from './queue-status.ts'

/** The output of `status --json`. The names are fixed. */
export interface FleetStatus {
  readonly queue: {
    readonly waiting: number
    readonly active: number
    readonly delayed: number
    readonly failed: number
  }
  readonly halted: null | { readonly code: string; readonly reason: string; readonly since: string }
  readonly paused: boolean
  /** An operator's pause, with its reason. */
  readonly pause: null | { readonly reason: string; readonly since: string }
  /** An operator's last `resume`, with its reason. */
  readonly resumed: null | { readonly reason: string; readonly at: string }
  readonly rate: {
    /** The vendor's ceiling as it is set, in calls per second. */
    readonly limit: number
    /** Calls per second that the fleet allows itself now. */
    readonly allowed: number
    /** Clearing calls sent in the last full second. */
    readonly lastSecond: number
  }
  readonly oldestPendingSeconds: number
  /**
   * Seconds until the queue is empty at the rate at which jobs were settled in the last ten seconds, or when idle at
   * the allowed rate; `null` while nothing moves.
   */
  readonly etaSeconds: number | null
  readonly dueAtRisk: number
  readonly outcomes: Readonly<Record<FinalOutcome, number>>
}

/** Makes a reader of the fleet's status. One round trip of two commands. */
export function createFleetStatusReader(
  redis: RedisConnection,
  prefix: string,
  settings: RateSettings,
): () => Promise<FleetStatus> {
  const readQueue = createQueueStatusReader(redis, prefix, settings)
  const readFleet = createFleetReader(redis, prefix)
  return async () => {
    const [fleet, queue] = await Promise.all([readFleet(), readQueue()])
    const { paused, halted, resumed } = fleet
    return {
      queue: { waiting: queue.waiting, active: queue.active, delayed: queue.delayed, failed: queue.failed },
      halted: halted === null ? null : { code: halted.code, reason: halted.reason, since: isoOf(halted.sinceMs) },
      paused: paused !== null || (queue.queuePaused && halted === null),
      pause: paused === null ? null : { reason: paused.reason, since: isoOf(paused.sinceMs) },
      resumed: resumed === null ? null : { reason: resumed.reason, at: isoOf(resumed.atMs) },
      rate: {
        limit: settings.ceilingPerSecond,
        allowed: Math.round(queue.allowedPerSecond * 10) / 10,
        lastSecond: queue.callsLastSecond,
      },
      oldestPendingSeconds: Math.round(queue.oldestPendingSeconds),
      etaSeconds: etaOf(queue, paused !== null || halted !== null),
      dueAtRisk: queue.dueAtRisk,
      outcomes: queue.outcomes,
    }
  }
}

const isoOf = (epochMs: number): string => new Date(epochMs).toISOString()

function etaOf(queue: QueueStatus, standsStill: boolean): number | null {
  const pending = queue.waiting + queue.active + queue.delayed
  if (pending === 0) return 0
  if (standsStill || queue.jobsPerSecond <= 0) return null
  // The queue is not empty before the last job in backoff has come back.
  return Math.max(Math.ceil(pending / queue.jobsPerSecond), queue.lastBackoffSeconds)
}
