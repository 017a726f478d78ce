/**
 * The recorder: writes into metrics, log and traces what becomes of each job.
 *
 * What belongs in `observe/`: whatever shows the work of this process. What does not: anything that changes the work.
 * User ids never come here.
 */

import { finalOutcomeOf } from '../../jobs/job/outcome.ts'
import type { Clock } from '../../limiter/clock.ts'
import { OncePerMinute } from '../../limiter/once-per-minute.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import type { JobInHand } from '../attempt/job-in-hand.ts'
import { NEWER_JOB_CODE } from '../attempt/process-job.ts'
import type { Attempted, Processed } from '../attempt/processed.ts'
import { labelOfReason } from '../vendor/classify.ts'
import type { Logger } from './log.ts'
import { Summary } from './summary.ts'
import { traceJob } from './traces.ts'

/** Parts of a recorder. */
export interface RecorderOptions {
  readonly metrics: Metrics
  readonly clock: Clock
  readonly log: Logger
}

/** Counts, logs and traces jobs. It only observes. */
export interface Recorder {
  /** Runs the work, and meanwhile counts the job as in hand and traces it. */
  watch(job: JobInHand, work: () => Promise<Attempted>): Promise<Attempted>
  /** Counts and logs the result of an attempt. */
  record(job: JobInHand, processed: Processed): void
  /** Logs the last summary. */
  close(): void
}

const NEWER_JOB_SEEN = 'handed back a job of a newer version; upgrade this worker, or no worker may ever take it'

/** Makes the recorder of a process. */
export function createRecorder({ metrics, clock, log }: RecorderOptions): Recorder {
  const summary = new Summary(log)
  const oncePerMinute = new OncePerMinute(clock)

  const recordSettled = (job: JobInHand, { outcome, calls, act }: Processed & { job: 'settled' }): void => {
    const final = finalOutcomeOf(outcome)
    const reason = 'reason' in outcome ? outcome.reason.code : undefined
    metrics.settled(final, clock.epochMs() - job.enqueuedAt, outcome.kind === 'cleared' ? outcome.verified : undefined)
    summary.count(final)
    log.debug({ jobId: job.name, outcome: final, reason, attempts: job.attemptsMade + 1, calls }, 'settled')
    if (final === 'dead_lettered') log.warn({ jobId: job.name, reason, act }, 'dead letter')
  }
  const recordWentBack = (job: JobInHand, reason: string): void => {
    metrics.wentBack(labelOfReason(reason))
    summary.count('went_back')
    log.debug({ jobId: job.name, reason }, 'went back to the queue')
    if (reason === NEWER_JOB_CODE && oncePerMinute.allows(reason)) log.warn(NEWER_JOB_SEEN)
  }

  return {
    watch: (job, work) => metrics.inHand(() => traceJob(job, work)),
    record: (job, processed) => {
      const { calls, looked } = processed
      summary.count('calls', calls)
      if (looked !== undefined) metrics.looked(looked)
      switch (processed.job) {
        case 'settled':
          return recordSettled(job, processed)
        case 'settled_before':
          // The worker that settled the job has counted it.
          return log.debug({ jobId: job.name, outcome: finalOutcomeOf(processed.outcome) }, 'was settled before')
        case 'went_back':
          return recordWentBack(job, processed.outcome.reason.code)
        default:
          return processed satisfies never
      }
    },
    close: () => summary.close(),
  }
}
