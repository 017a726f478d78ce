import type { RedisConnection } from '../../redis/connection.ts'
import type { FinalOutcome } from '../job/outcome.ts'
import { createFleetMembers, type Member } from './fleet-members.ts'
import { createFleetReader, type Halt } from './fleet-state.ts'
import { createQueueStatusReader, type QueueStatus, type RateSettings } from './queue-status.ts'

/** The output of `status --json`. The names are fixed. */
export interface FleetStatus {
  readonly queue: {
    readonly waiting: number
    readonly active: number
    readonly delayed: number
    readonly failed: number
  }
  readonly halted: null | {
    readonly code: string
    readonly reason: string
    readonly since: string
    /** The host whose worker halted the fleet. */
    readonly host: string
  }
  /** Whether workers may fetch no jobs although nothing is halted: an operator or another tool has paused the queue. */
  readonly paused: boolean
  /** An operator's pause, with its reason. */
  readonly pause: null | { readonly reason: string; readonly since: string }
  /** Number of live workers. */
  readonly workers: number
  /** Live workers that alone send nothing, with the reason. */
  readonly aside: readonly {
    readonly host: string
    readonly code: string
    readonly reason: string
    readonly since: string
  }[]
  /** An operator's last `resume`, with its reason. */
  readonly resumed: null | { readonly reason: string; readonly at: string }
  readonly rate: {
    /** The vendor's ceiling, in calls per second: the lowest that this process or a live worker is set to. */
    readonly limit: number
    /** Calls per second that the fleet allows itself now. */
    readonly allowed: number
    /** Clearing calls sent in the last full second. */
    readonly lastSecond: number
  }
  readonly oldestPendingSeconds: number
  /**
   * Seconds until the queue is empty at the rate at which jobs were settled in the last ten seconds, or when idle at
   * the allowed rate; `null` while nothing moves: paused, halted, or all workers stand aside.
   */
  readonly etaSeconds: number | null
  /** Jobs that will miss their due date; `null` while all workers stand aside, since nothing supports a forecast then. */
  readonly dueAtRisk: number | null
  readonly outcomes: Readonly<Record<FinalOutcome, number>>
  /** Of the cleared accounts, those whose friend list was to be looked at and could not be read. */
  readonly unproved: number
}

/** Makes a reader of the fleet's status. One round trip of three commands. */
export function createFleetStatusReader(
  redis: RedisConnection,
  prefix: string,
  settings: RateSettings,
): () => Promise<FleetStatus> {
  const readQueue = createQueueStatusReader(redis, prefix, settings)
  const readFleet = createFleetReader(redis, prefix)
  const members = createFleetMembers(redis, prefix)
  return async () => {
    const [fleet, queue, workers] = await Promise.all([readFleet(), readQueue(), members.read()])
    const { paused, halted, resumed } = fleet
    const aside = workers.flatMap(({ host, aside: each }) => (each === null ? [] : [describeAside(host, each)]))
    const allAside = workers.length > 0 && aside.length === workers.length
    return {
      queue: { waiting: queue.waiting, active: queue.active, delayed: queue.delayed, failed: queue.failed },
      halted: halted === null ? null : describeHalt(halted),
      paused: paused !== null || (queue.queuePaused && halted === null),
      workers: workers.length,
      aside,
      pause: paused === null ? null : { reason: paused.reason, since: isoOf(paused.sinceMs) },
      resumed: resumed === null ? null : { reason: resumed.reason, at: isoOf(resumed.atMs) },
      rate: {
        limit: Math.min(settings.ceilingPerSecond, ...workers.map(worker => worker.ceilingPerSecond)),
        allowed: Math.round(queue.allowedPerSecond * 10) / 10,
        lastSecond: queue.callsLastSecond,
      },
      oldestPendingSeconds: Math.round(queue.oldestPendingSeconds),
      etaSeconds: etaOf(queue, paused !== null || halted !== null || queue.queuePaused || allAside),
      dueAtRisk: allAside ? null : queue.dueAtRisk,
      outcomes: queue.outcomes,
      unproved: queue.unproved,
    }
  }
}

const describeHalt = ({ code, reason, host, sinceMs }: Halt): FleetStatus['halted'] => ({
  code,
  reason,
  since: isoOf(sinceMs),
  host,
})

const describeAside = (host: string, { code, reason, sinceMs }: NonNullable<Member['aside']>) => ({
  host,
  code,
  reason,
  since: isoOf(sinceMs),
})

const isoOf = (epochMs: number): string => new Date(epochMs).toISOString()

function etaOf(queue: QueueStatus, standsStill: boolean): number | null {
  const pending = queue.waiting + queue.active + queue.delayed
  if (pending === 0) return 0
  if (standsStill || queue.jobsPerSecond <= 0) return null
  // The queue is not empty before the last job in backoff has come back.
  return Math.max(Math.ceil(pending / queue.jobsPerSecond), queue.lastBackoffSeconds)
}
