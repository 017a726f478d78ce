import { type FinalOutcome, type Outcome, parseJobData, type Settlement } from '../jobs/index.ts'
import { type Cleared, clearAccount } from './clear-account.ts'
import type { FaultRows } from './fault-rows.ts'
import type { PacedCall } from './paced-call.ts'
import { parseProgress } from './progress.ts'

/** A job as the pool hands it in: BullMQ's fields that matter, the data still unparsed. */
export interface JobInHand {
  readonly id: string
  readonly data: unknown
  /** What earlier attempts left, still unparsed. */
  readonly progress: unknown
  /** Attempts that ended before this one. */
  readonly attemptsMade: number
  /** How often a worker took the job, crashes included. */
  readonly timesStarted: number
}

/** How an attempt ended, and what the pool needs besides. */
export interface Processed extends Cleared {
  /** Requests sent in this attempt. */
  readonly calls: number
  /** Suspiciously many accounts do not exist: we may be asking the wrong app. */
  readonly suspicious?: true
}

/** What processing a job takes. */
export interface ProcessJobOptions {
  readonly call: PacedCall
  readonly faultRows: FaultRows
  readonly settlement: Settlement
  readonly maxAttempts: number
  /** Share of the accounts whose list is read after the delete. */
  readonly verifyShare: number
}

/** A job that was taken this often beyond its attempts takes whoever works on it down. */
const CRASHES_AT_MOST = 100

/**
 * Works on a job once: parse, clear, settle. The table of contents of the worker.
 *
 * Safe to repeat at any point: the vendor's calls are idempotent, and the first settle of a job wins.
 *
 * @param signal gives up waits when the process drains
 */
export async function processJob(job: JobInHand, options: ProcessJobOptions, signal: AbortSignal): Promise<Processed> {
  const attempted = await attempt(job, options, signal)
  const processed = { ...attempted, outcome: exhaust(attempted, job, options.maxAttempts) }
  const final = finalOf(processed.outcome)
  if (final === undefined) return processed
  const settled = await options.settlement.settle(job.id, final)
  return settled === 'suspicious' ? { ...processed, suspicious: true } : processed
}

async function attempt(job: JobInHand, options: ProcessJobOptions, signal: AbortSignal): Promise<Processed> {
  const progress = parseProgress(job.progress)
  const parsed = parseJobData(job.data)
  if (!parsed.ok) {
    return { outcome: dead('invalid_job', `the job data is not valid: ${parsed.reason}`), progress, calls: 0 }
  }
  if (job.timesStarted > options.maxAttempts + CRASHES_AT_MOST) {
    return {
      outcome: dead('crashes', `workers took the job ${job.timesStarted} times and lost it`),
      progress,
      calls: 0,
    }
  }
  const verify = Math.random() < options.verifyShare
  try {
    const cleared = await clearAccount(parsed.data, progress, {
      call: options.call,
      faultRows: options.faultRows,
      verify,
      signal,
    })
    return { ...cleared, calls: cleared.progress.calls - progress.calls }
  } catch (error) {
    // A fault in this program must not lose the job. Only the error's name: a message may quote what it met.
    const name = error instanceof Error ? error.name : typeof error
    const reason = { code: 'internal_error', text: `a fault of the worker (${name})` }
    return { outcome: { kind: 'retry', reason }, progress, calls: 0 }
  }
}

/** An attempt that would be retried, but was the last one, makes a dead letter; a confirmed delete stands, unproved. */
function exhaust({ outcome, progress }: Processed, job: JobInHand, maxAttempts: number): Outcome {
  if (outcome.kind !== 'retry' || job.attemptsMade + 1 < maxAttempts) return outcome
  if (progress.deleted) return { kind: 'cleared', verified: 'no' }
  return dead(outcome.reason.code, `${outcome.reason.text}; given up after ${job.attemptsMade + 1} attempts`)
}

/** The final outcome that an attempt leads to; none where the job goes on. */
function finalOf(outcome: Outcome): FinalOutcome | undefined {
  switch (outcome.kind) {
    case 'cleared':
    case 'not_imported':
      return outcome.kind
    case 'dead':
      return 'dead_lettered'
    case 'retry':
    case 'snooze':
    case 'stop':
      return undefined
    default:
      return outcome satisfies never
  }
}

const dead = (code: string, text: string): Outcome => ({ kind: 'dead', reason: { code, text } })
