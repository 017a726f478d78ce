import type { FinalOutcome } from '../../jobs/job/outcome.ts'
import { TOO_MANY_MISSING } from '../../jobs/status/fleet.ts'
import type { Clock } from '../../limiter/clock.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import type { JobInHand, Processed } from '../attempt/process-job.ts'
import type { QueueGuard } from '../halt/queue-guard.ts'
import { labelOfReason } from '../vendor/classify.ts'
import type { Logger } from './log.ts'
import { Summary } from './summary.ts'

/** What a recorder tells. */
export interface RecorderOptions {
  readonly metrics: Metrics
  readonly guard: QueueGuard
  readonly clock: Clock
  readonly log: Logger
}

const TOO_MANY = {
  code: TOO_MANY_MISSING,
  text: 'the vendor does not know suspiciously many of the last accounts',
}
const LOOK_AT_SETTINGS =
  'Check IM_SDK_APP_ID, IM_BASE_URL and whether these are user ids of this app; `clear-friends resume` goes on.'

/** Tells metrics, log and the queue guard how each attempt ended. */
export interface Recorder {
  processed(job: JobInHand, processed: Processed): Promise<void>
  close(): void
}

/** Makes the recorder of a process. */
export function createRecorder({ metrics, guard, clock, log }: RecorderOptions): Recorder {
  const summary = new Summary(log)

  const ended = (job: JobInHand, final: FinalOutcome, processed: Processed): void => {
    // Whoever settled it has counted it.
    if (!processed.settled) return log.debug({ jobId: job.id, outcome: final }, 'was settled before')
    const verified = processed.outcome.kind === 'cleared' ? processed.outcome.verified : undefined
    metrics.settled(final, clock.epochMs() - job.enqueuedAt, verified)
    summary.count(final)
    const reason = 'reason' in processed.outcome ? processed.outcome.reason.code : undefined
    const line = { jobId: job.id, outcome: final, reason, attempts: job.attemptsMade + 1, calls: processed.calls }
    log.debug(line, 'settled')
    if (final === 'dead_lettered') log.warn({ jobId: job.id, reason, act: processed.act }, 'dead letter')
  }
  const wentBack = (job: JobInHand, reason: string): void => {
    metrics.wentBack(labelOfReason(reason))
    summary.count('went_back')
    log.debug({ jobId: job.id, reason }, 'went back to the queue')
  }

  return {
    processed: async (job, processed) => {
      const { outcome, act, calls } = processed
      summary.count('calls', calls)
      if (processed.looked !== undefined) metrics.looked(processed.looked)
      switch (outcome.kind) {
        case 'cleared':
        case 'not_imported':
        case 'cancelled':
          ended(job, outcome.kind, processed)
          return processed.suspicious ? guard.halt(TOO_MANY, LOOK_AT_SETTINGS) : undefined
        case 'dead':
          return ended(job, 'dead_lettered', processed)
        case 'retry':
          return wentBack(job, outcome.reason.code)
        case 'snooze':
          if (outcome.reason.code === 'paused' || outcome.reason.code === 'halted') guard.close()
          return wentBack(job, outcome.reason.code)
        case 'stop':
          wentBack(job, outcome.reason.code)
          return guard.halt(outcome.reason, act)
        default:
          return outcome satisfies never
      }
    },
    close: () => summary.close(),
  }
}
