import { z } from 'zod'
import { parseJobData } from '../../jobs/job/clear-friends-job.ts'
import type { Outcome } from '../../jobs/job/outcome.ts'
import type { FinalRecord } from '../../jobs/receipts/receipt-content.ts'
import type { Recorded, Settlement, SettleResult } from '../../jobs/settle/settlement.ts'
import type { FaultStreaks } from '../vendor/fault-streaks.ts'
import type { PacedCall } from '../vendor/paced-call.ts'
import type { BeforeClear } from './before-clear.ts'
import { type AttemptResult, clearAccount } from './clear-account.ts'
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
  /** What leads back to the span that enqueued it, where somebody traces; still unparsed. */
  readonly traceContext?: unknown
  /** How often a worker lost it: it crashed, or its lock ran out. */
  readonly timesStalled: number
  /** Epoch ms, by the producer's clock. */
  readonly enqueuedAt: number
}

/** How an attempt stopWith, and what the pool needs besides. */
export interface Processed extends AttemptResult {
  /** Requests sent in this attempt. */
  readonly calls: number
  /** What is to be settled, where the job ends with this attempt. */
  readonly end?: FinalRecord
  /** Whether this attempt settled the job, and not an earlier one or another worker. */
  readonly settled?: true
  /** Suspiciously many accounts do not exist: we may be asking the wrong app. */
  readonly suspicious?: true
}

/** What processing a job takes. */
export interface ProcessJobOptions {
  readonly call: PacedCall
  readonly faultStreaks: FaultStreaks
  readonly settlement: Pick<Settlement, 'lookUp'>
  readonly maxAttempts: number
  readonly beforeClear?: BeforeClear | undefined
  /** Share of the accounts whose list is read after the delete. */
  readonly verifyShare: number
}

/** A job that was taken this often beyond its attempts takes whoever works on it down. */
const CRASHES_AT_MOST = 100

/**
 * Works on a job once: parse, clear, say what is to be settled. The table of contents of the worker.
 *
 * Safe to repeat at any point: the vendor's calls are idempotent, and the first settle of a job wins.
 *
 * @param signal gives up waits when the process drains
 */
export async function processJob(job: JobInHand, options: ProcessJobOptions, signal: AbortSignal): Promise<Processed> {
  const { settlement, maxAttempts } = options
  // A worker that was lost may have settled the job and not completed it; then nothing is left to do.
  const recorded = job.timesStalled > 0 ? await settlement.lookUp(job.id) : undefined
  if (recorded !== undefined) return asRecorded(job, recorded)
  const parsed = parseJobData(job.data)
  const attempted = await attempt(job, parsed, options, signal)
  const processed = { ...attempted, outcome: exhaust(attempted, job, maxAttempts) }
  const end = endOf(job, parsed, processed)
  return end === undefined ? processed : { ...processed, end }
}

/** How an attempt really stopWith, after what became of its settle. */
export function afterSettle(job: JobInHand, processed: Processed, settled: SettleResult): Processed {
  switch (settled.kind) {
    case 'settled':
      return { ...processed, settled: true, ...(settled.suspicious ? { suspicious: true } : {}) }
    case 'already':
      return { ...asRecorded(job, settled), calls: processed.calls }
    case 'gone':
      return processed
    default:
      return settled satisfies never
  }
}

type ParsedData = ReturnType<typeof parseJobData>

async function attempt(
  job: JobInHand,
  parsed: ParsedData,
  options: ProcessJobOptions,
  signal: AbortSignal,
): Promise<Processed> {
  const progress = parseProgress(job.progress)
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
  let calls = 0
  const call: PacedCall = (command, body, until, onSent) =>
    options.call(command, body, until, () => {
      calls += 1
      onSent?.()
    })
  try {
    const cleared = await clearAccount(parsed.data, progress, {
      call,
      faultStreaks: options.faultStreaks,
      beforeClear: options.beforeClear,
      verify,
      signal,
    })
    return { ...cleared, calls }
  } catch (error) {
    // A fault in this program must not lose the job. Only the error's name: a message may quote what it met.
    const name = error instanceof Error ? error.name : typeof error
    const reason = { code: 'internal_error', text: `a fault of the worker (${name})` }
    return { outcome: { kind: 'retry', reason }, progress: { ...progress, calls: progress.calls + calls }, calls }
  }
}

/** An attempt that would be retried, but was the last one, makes a dead letter; a confirmed delete stands, unproved. */
function exhaust({ outcome, progress }: Processed, job: JobInHand, maxAttempts: number): Outcome {
  if (outcome.kind !== 'retry' || job.attemptsMade + 1 < maxAttempts) return outcome
  if (progress.deleted) return { kind: 'cleared', verified: 'no' }
  return dead(outcome.reason.code, `${outcome.reason.text}; given up after ${job.attemptsMade + 1} attempts`)
}

/** What is written down of a job that ends with this attempt; nothing where it goes on. */
function endOf(job: JobInHand, parsed: ParsedData, { outcome, progress }: Processed): FinalRecord | undefined {
  const known = {
    ...accountAndRequestIn(job, parsed),
    calls: progress.calls,
    attempts: job.attemptsMade + 1,
    enqueuedAt: job.enqueuedAt,
  }
  switch (outcome.kind) {
    case 'cleared':
      return { ...known, outcome: 'cleared', verified: outcome.verified }
    case 'not_imported':
      return { ...known, outcome: 'not_imported', verified: 'skipped' }
    case 'cancelled':
      return { ...known, outcome: 'cancelled', verified: 'skipped', code: outcome.reason.code }
    case 'dead': {
      const { code, text } = outcome.reason
      return { ...known, outcome: 'dead_lettered', verified: 'no', code, why: text }
    }
    case 'retry':
    case 'snooze':
    case 'stop':
      return undefined
    default:
      return outcome satisfies never
  }
}

/** Ends an attempt as an earlier one was written down, so that what BullMQ keeps says the same as the receipt. */
function asRecorded(job: JobInHand, { outcome, reason }: Recorded): Processed {
  const nothingDone = { progress: parseProgress(job.progress), calls: 0 }
  switch (outcome) {
    case 'cleared':
      return { ...nothingDone, outcome: { kind: 'cleared', verified: 'skipped' } }
    case 'not_imported':
      return { ...nothingDone, outcome: { kind: 'not_imported' } }
    case 'cancelled':
      return { ...nothingDone, outcome: { kind: 'cancelled', reason } }
    case 'dead_lettered':
      return { ...nothingDone, outcome: { kind: 'dead', reason } }
    default:
      return outcome satisfies never
  }
}

/** The account and request for the receipt. Data that does not fit the contract belongs to no request. */
function accountAndRequestIn({ data }: JobInHand, parsed: ParsedData): Pick<FinalRecord, 'account' | 'request'> {
  if (parsed.ok) return { account: parsed.data.account, request: parsed.data.request }
  const unfit = unfitDataSchema.safeParse(data)
  return { account: unfit.success ? unfit.data.account : '' }
}

const unfitDataSchema = z.object({ account: z.string() })

const dead = (code: string, text: string): Outcome => ({ kind: 'dead', reason: { code, text } })
