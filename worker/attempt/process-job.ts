/**
 * One attempt at a job, from its stored data to its outcome:
 *
 * 1. `lookUp` finds the outcome of a job that a lost worker settled and did not complete (`jobs/settle/settlement.ts`).
 * 2. `parseJobData` checks the data, since anybody may write to the queue (`jobs/job/clear-friends-job.ts`).
 * 3. `clearAccount` asks the hook, deletes the friends and looks whether the list is empty (`clear-account.ts`).
 * 4. `blame` finds out whose fault it is, where the vendor blames our credentials or settings (`halt/standing.ts`).
 * 5. `exhaust` ends a job that has used up its attempts (this file).
 * 6. `recordOf` builds what the pool settles of a job that ends (`final-record.ts`).
 *
 * An attempt leaves its job in one of three states (`processed.ts`). `went_back`: the job stays in the queue, after
 * `retry`, `snooze` or `stop`. `ends`: the pool must settle it. `settled_before`: it has its receipt, so BullMQ may
 * complete it.
 *
 * What belongs in `attempt/`: decisions about one account. What does not: HTTP (`vendor/`), the queue (`pool/`), the
 * fleet (`halt/`).
 */

import {
  accountIn,
  isOfNewerVersion,
  type JobData,
  parseJobData,
  requestsIn,
} from '../../jobs/job/clear-friends-job.ts'
import { isLast, type Outcome } from '../../jobs/job/outcome.ts'
import { allRequests, NOT_GROWN, parseGrowth } from '../../jobs/job/wish.ts'
import type { ProgressOf } from '../../jobs/receipts/sealed-progress.ts'
import type { Settlement } from '../../jobs/settle/settlement.ts'
import type { Standing } from '../halt/standing.ts'
import type { FaultStreaks } from '../vendor/fault-streaks.ts'
import type { PacedCall } from '../vendor/paced-call.ts'
import type { Caller } from '../vendor/send-request.ts'
import type { BeforeClear } from './before-clear.ts'
import { type AttemptResult, clearAccount } from './clear-account.ts'
import { recordOf } from './final-record.ts'
import type { JobInHand } from './job-in-hand.ts'
import { type Attempted, asRecorded } from './processed.ts'
import { type Progress, parseProgress, progressFor } from './progress.ts'

/** Parts and limits of an attempt. */
export interface ProcessJobOptions {
  readonly call: PacedCall
  readonly faultStreaks: FaultStreaks
  readonly settlement: Pick<Settlement, 'lookUp' | 'readWish'>
  readonly standing: Pick<Standing, 'judge'>
  /** Gives the progress that a worker has left in a job; nothing where it is another's work. */
  readonly openProgress: (job: ProgressOf, found: unknown) => Promise<unknown>
  readonly maxAttempts: number
  readonly beforeClear?: BeforeClear | undefined
  /** Share of the accounts whose list is read after the delete. */
  readonly verifyShare: number
  /** SDKAppID of the fleet. */
  readonly app: number
}

/**
 * A job that workers lost this often is suspected of crashing them. Half may come from a bad day of deploys and outages
 * of Redis; double would let it crash workers for half an hour.
 */
const CRASHES_AT_MOST = 20

/**
 * Makes one attempt at a job and returns its outcome, with the record to settle if the job ends.
 *
 * Safe to repeat at any point: the vendor's calls are idempotent, and the first settle of a job wins.
 *
 * @param caller makes the job's calls; its signal gives up waits when the process drains or the job's lock is lost
 */
export async function processJob(job: JobInHand, options: ProcessJobOptions, caller: Caller): Promise<Attempted> {
  const { settlement, maxAttempts } = options
  // A lost worker may have settled the job without completing it. Then nothing is left to do.
  const account = accountIn(job.data) ?? ''
  const recorded = job.timesStalled > 0 ? await settlement.lookUp(job.id, account) : undefined
  if (recorded !== undefined) return asRecorded(recorded)
  const parsed = parseJobData(job.data)
  // Only the hook must know of all requests before the delete. The settle notices what a duplicate has added.
  const text = options.beforeClear === undefined ? NOT_GROWN : await settlement.readWish(job.id)
  const before = parseProgress(await options.openProgress({ jobId: job.id, account }, job.progress))
  const blamed = await blame(await attempt(job, parsed, text, before, options, caller), options.standing)
  const outcome = exhaust(blamed, job, maxAttempts)
  if (!isLast(outcome)) return { ...blamed, job: 'went_back', outcome }
  const record = recordOf(job, parsed, outcome, blamed.progress)
  const wish = { oneWay: parsed.ok && parsed.data.type === 'single', text }
  return { ...blamed, job: 'ends', outcome, record, wish }
}

type ParsedData = ReturnType<typeof parseJobData>

async function attempt(
  job: JobInHand,
  parsed: ParsedData,
  wishText: string,
  found: Progress,
  options: ProcessJobOptions,
  caller: Caller,
): Promise<AttemptResult & { readonly calls: number }> {
  const isTwoWay = parsed.ok && parsed.data.type !== 'single'
  const before = progressFor(isTwoWay, found)
  if (!parsed.ok) return { outcome: outcomeOfUnfit(job, parsed.reason), progress: before, calls: 0 }
  const refused = refuse(job, parsed.data, options)
  if (refused !== undefined) return { outcome: refused, progress: before, calls: 0 }
  let calls = 0
  const onSent = (): void => {
    calls += 1
    caller.onSent()
  }
  const verify = Math.random() < options.verifyShare
  const requests = allRequests(requestsIn(parsed.data), parseGrowth(wishText))
  const result = await clearAccount(parsed.data, before, {
    ...options,
    caller: { ...caller, onSent },
    verify,
    requests,
  }).catch(error => ({
    outcome: internalError(error),
    progress: before,
  }))
  return { ...result, progress: { ...result.progress, calls: before.calls + calls }, calls }
}

/** A job whose data this worker cannot read goes back if a newer one can; nobody else can make sense of it. */
const outcomeOfUnfit = (job: JobInHand, reason: string): Outcome =>
  isOfNewerVersion(job.data) ? NEWER_JOB : dead('invalid_job', `the job data is not valid: ${reason}`)

/** Ends a job that no worker of this fleet may attempt. */
function refuse({ timesStalled }: JobInHand, { app }: JobData, options: ProcessJobOptions): Outcome | undefined {
  if (app !== undefined && app !== options.app)
    return dead('wrong_app', `the job is for app ${app}, this is ${options.app}`)
  if (timesStalled > CRASHES_AT_MOST) return dead('crashes', `workers lost the job ${timesStalled} times`)
  return undefined
}

/**
 * Only a person mends what the vendor refuses one account. Its quick attempts would take their calls from the others: with
 * an account for each of 35 codes, a twentieth of ten seconds.
 */
const AT_FAULT_WAIT_MS = 10_000

/** Finds out whose fault it is that the vendor blames us. An attempt at an account that is at fault itself counts. */
async function blame<T extends AttemptResult>(attempted: T, standing: ProcessJobOptions['standing']): Promise<T> {
  const { outcome, progress, act, call } = attempted
  if (outcome.kind !== 'stop') return attempted
  const { reason } = outcome
  const isKnown = progress.atFaultWith === reason.code
  if ((await standing.judge({ reason, act, call, isKnown })) === 'ours') return attempted
  const text = `${reason.text}, for this account alone`
  return {
    ...attempted,
    outcome: { kind: 'retry', reason: { code: reason.code, text }, leastWaitMs: AT_FAULT_WAIT_MS },
    progress: { ...progress, atFaultWith: reason.code },
  }
}

/** Retries the job after a fault of this program. Only the error's name is kept: its message may hold a user id. */
function internalError(error: unknown): Outcome {
  const name = error instanceof Error ? error.name : typeof error
  return { kind: 'retry', reason: { code: 'internal_error', text: `a fault of the worker (${name})` } }
}

/** Makes a dead letter of a job whose last attempt asks for a retry. A confirmed delete stands unproved instead. */
function exhaust({ outcome, progress }: AttemptResult, job: JobInHand, maxAttempts: number): Outcome {
  if (outcome.kind !== 'retry' || job.attemptsMade + 1 < maxAttempts) return outcome
  if (progress.deleted) return { kind: 'cleared', verified: 'no' }
  return dead(outcome.reason.code, `${outcome.reason.text}; given up after ${job.attemptsMade + 1} attempts`)
}

/** Why a job of a newer version goes back. */
export const NEWER_JOB_CODE = 'newer_job'

const NEWER_JOB: Outcome = {
  kind: 'snooze',
  reason: { code: NEWER_JOB_CODE, text: 'the job is of a version that this worker does not know' },
  // Time for a newer worker to take it; many such jobs must not keep this worker busy.
  waitMs: 60_000,
}

const dead = (code: string, text: string): Outcome => ({ kind: 'dead', reason: { code, text } })
