import { setTimeout as sleep } from 'node:timers/promises'
import type { JobData } from '../../jobs/job/clear-friends-job.ts'
import type { Outcome, Verified } from '../../jobs/job/outcome.ts'
import type { FaultStreaks } from '../vendor/fault-streaks.ts'
import type { PacedCall } from '../vendor/paced-call.ts'
import type { Caller } from '../vendor/send-request.ts'
import { askBeforeClear, type BeforeClear } from './before-clear.ts'
import { deleteAll, deleteInBatches } from './delete-friends.ts'
import type { Progress } from './progress.ts'
import type { Attempt, StepStop } from './steps.ts'
import { verifyEmpty } from './verify.ts'

/** Outcome of an attempt, and the counts that the next attempt needs. */
export interface AttemptResult extends StepStop {
  readonly progress: Progress
  /** Result of the look at the friend list, if there was one. */
  readonly looked?: 'empty' | 'not_empty' | 'unread'
}

/** Parts and choices for one attempt. */
export interface ClearAccountOptions {
  readonly call: PacedCall
  /** Who makes its calls. Its signal gives up waits; a request under way is finished. */
  readonly caller: Caller
  /** Finds answers that all accounts get, which are our own fault. */
  readonly faultStreaks: FaultStreaks
  /** Whether this account's list is read after the delete. */
  readonly verify: boolean
  /** May stop the delete at the last moment. */
  readonly beforeClear?: BeforeClear | undefined
  /** Requests that the job serves, for the hook. Default: none. */
  readonly requests?: readonly string[]
  /** Waits between two looks, until the signal ends it. Default: a timer. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>
}

const CONFLICT = '30008'
/** After this many attempts that ended in a conflict the friends are deleted by name. */
const CONFLICTS_BEFORE_BATCHES = 5
/** A list that is not empty after a delete is cleared again this often; then a person must look. */
const CLEAR_AGAIN = 1
/** Attempts repeat a failed read of the list this often; then the confirmed delete stands unproved. */
const READ_AGAIN = 3

/**
 * Clears the friends of one account and proves it: delete, then look.
 *
 * Safe to repeat at any point: the vendor accepts a delete for an account without friends.
 *
 * @param job account and delete type
 * @param before counts of earlier attempts
 */
export async function clearAccount(
  job: Pick<JobData, 'account' | 'type'>,
  before: Progress,
  options: ClearAccountOptions,
): Promise<AttemptResult> {
  const progress = { ...before }
  const attempt = startAttempt(job, options)
  if (!progress.deleted) {
    const { beforeClear, requests = [], caller } = options
    const stopped = beforeClear && (await askBeforeClear(beforeClear, job.account, requests, caller.signal))
    if (stopped !== undefined) return { outcome: stopped, progress }
    const step = await (progress.conflicts < CONFLICTS_BEFORE_BATCHES ? deleteAll(attempt) : deleteInBatches(attempt))
    if (step.kind === 'stopped') return withoutDelete(step.stop, progress)
    if (step.value === 'not_imported') return { outcome: { kind: 'not_imported' }, progress }
    if (step.value === 'unproved') return prove(attempt, progress)
    progress.deleted = true
    if (job.type === 'single') progress.oneWay = true
  }
  // The share of VERIFY does not apply to a list that was seen filled or could not be read.
  const mustLook = options.verify || progress.notEmpty > 0 || progress.unread > 0
  return mustLook ? prove(attempt, progress) : { outcome: cleared('skipped'), progress }
}

/** Ends an attempt without a delete, and counts conflicts and odd codes for the next one. */
function withoutDelete({ attempts, ...stop }: StepStop, progress: Progress): AttemptResult {
  const { outcome } = stop
  if (outcome.kind !== 'retry') return { ...stop, progress }
  if (outcome.reason.code === CONFLICT) return { ...stop, progress: { ...progress, conflicts: progress.conflicts + 1 } }
  if (attempts === undefined) return { ...stop, progress }
  if (progress.attemptsWithOddCode + 1 < attempts)
    return { ...stop, progress: { ...progress, attemptsWithOddCode: progress.attemptsWithOddCode + 1 } }
  const reason = { code: outcome.reason.code, text: `${outcome.reason.text}, ${attempts} times` }
  return { ...stop, outcome: { kind: 'dead', reason }, progress }
}

async function prove(attempt: Attempt, progress: Progress): Promise<AttemptResult> {
  const seen = await verifyEmpty(attempt)
  switch (seen.kind) {
    case 'empty':
      return { outcome: cleared('yes'), progress, looked: seen.kind }
    case 'not_empty': {
      const confirmed = progress.deleted ? 'a confirmed delete' : 'a delete that was not confirmed'
      const reason = { code: 'still_has_friends', text: `the friend list is not empty after ${confirmed}` }
      const outcome: Outcome = { kind: progress.notEmpty < CLEAR_AGAIN ? 'retry' : 'dead', reason }
      return { outcome, progress: { ...progress, deleted: false, notEmpty: progress.notEmpty + 1 }, looked: seen.kind }
    }
    case 'unread': {
      if (seen.cause.kind === 'snooze' || seen.cause.kind === 'stop') {
        return { outcome: seen.cause, progress, ...(seen.act === undefined ? {} : { act: seen.act }) }
      }
      // A confirmed delete stands without its proof. A delete that was not confirmed is repeated.
      if (progress.deleted && progress.unread >= READ_AGAIN) {
        return { outcome: cleared('no'), progress, looked: seen.kind }
      }
      const code = 'reason' in seen.cause ? seen.cause.reason.code : 'unread'
      const reason = { code, text: 'the proof that the list is empty could not be read' }
      return {
        outcome: { kind: 'retry', reason },
        progress: { ...progress, unread: progress.unread + 1 },
        looked: seen.kind,
      }
    }
    default:
      return seen satisfies never
  }
}

const cleared = (verified: Verified): Outcome => ({ kind: 'cleared', verified })

function startAttempt(
  job: Pick<JobData, 'account' | 'type'>,
  { call, caller, faultStreaks, wait = waitFor }: ClearAccountOptions,
): Attempt {
  const { account } = job
  const { signal } = caller
  return {
    account,
    deleteType: job.type === 'single' ? 'Delete_Type_Single' : 'Delete_Type_Both',
    call: async (command, body) => {
      const result = await call(command, body, caller)
      if (result.kind === 'closed') return result
      return { kind: 'answered', verdict: faultStreaks.judge(command, account, result.verdict) }
    },
    judge: (command, verdict) => faultStreaks.judge(command, account, verdict),
    wait: ms => wait(ms, signal),
    isOver: () => signal.aborted,
  }
}

async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {})
}
