import type { Outcome, Reason } from '../../jobs/job/outcome.ts'
import type { Closed } from '../../limiter/paced.ts'
import type { Verdict } from '../vendor/classify.ts'
import type { Command } from '../vendor/client.ts'
import type { CallResult } from '../vendor/paced-call.ts'
import type { SentCall } from '../vendor/traffic.ts'

/** Shared by all steps of one attempt at one account. */
export interface Attempt {
  readonly account: string
  readonly deleteType: 'Delete_Type_Both' | 'Delete_Type_Single'
  /** Calls the vendor and counts each request. The verdict becomes `stop` when many accounts in a row get it. */
  call(command: Command, body: Readonly<Record<string, unknown>>): Promise<CallResult>
  /** Feeds the streaks with a verdict that a step derived itself; may return it as `stop`. */
  judge(command: Command, verdict: Verdict): Verdict
  /** Waits; shorter when the process drains. */
  wait(ms: number): Promise<void>
  /** Whether waits are given up. */
  readonly isOver: () => boolean
}

/** Result of a step: its value, or an outcome that stops the attempt. */
export type Step<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'stopped'; readonly stop: StepStop }

/** Outcome of a stopped attempt, with advice for the operator if one must act. */
export interface StepStop {
  readonly outcome: Outcome
  readonly act?: string
  /** Number of attempts with this end that make a dead letter of the job; default `MAX_ATTEMPTS`. */
  readonly attempts?: number
  /** The request whose answer stopped the attempt. */
  readonly call?: SentCall
}

/** Makes the result of a step that has its value. */
export const done = <T>(value: T): Step<T> => ({ kind: 'done', value })

/** Makes the result of a step that stops the attempt. */
export const stopWith = (
  outcome: Outcome,
  act?: string,
  attempts?: number,
): Step<never> & { readonly kind: 'stopped' } => ({
  kind: 'stopped',
  stop: { outcome, ...(act === undefined ? {} : { act }), ...(attempts === undefined ? {} : { attempts }) },
})

/** Wait of a job after the vendor called us too fast; the limiter has slowed down by then. */
const THROTTLED_WAIT_MS = 1000
/** Wait of a job after code 31707: the vendor's security policies calm down in minutes, not in seconds. */
const POLICY_WAIT_MS = 180_000
const POLICY_CODE = '31707'
/** Wait of a job after a request that failed in an outage. The fleet sends a request a second then, of other jobs too. */
const OUTAGE_WAIT_MS = 10_000

/** Stops the attempt with the outcome that a verdict without success means for a job. */
export function stopBy(verdict: Verdict): Step<never> {
  const { reason, act } = verdict
  switch (verdict.class) {
    case 'retry_now':
    case 'retry_later':
      // In an outage every account gets it, so that no attempt of this one is spent.
      if (verdict.isOutage) return stopWith({ kind: 'snooze', reason, waitMs: OUTAGE_WAIT_MS }, act)
      return stopWith({ kind: 'retry', reason }, act, verdict.attempts)
    case 'conflict':
      return stopWith({ kind: 'retry', reason }, act, verdict.attempts)
    case 'throttled':
    case 'throttled_all': {
      const leastMs = reason.code === POLICY_CODE ? POLICY_WAIT_MS : THROTTLED_WAIT_MS
      const waitMs = Math.max(leastMs, verdict.waitMs ?? 0)
      return stopWith({ kind: 'snooze', reason, waitMs })
    }
    case 'renew_signature':
    case 'recheck_signature':
    case 'stop':
      return stopByFault(verdict)
    case 'permanent':
    case 'unexpected':
    case 'check_account':
    case 'not_friends':
    case 'done':
      return stopWith({ kind: 'dead', reason }, act)
    default:
      return verdict.class satisfies never
  }
}

/** Stops the attempt because the vendor blames our credentials or settings. */
function stopByFault({ reason, act, call }: Verdict): Step<never> {
  const { stop } = stopWith({ kind: 'stop', reason }, act)
  return { kind: 'stopped', stop: call === undefined ? stop : { ...stop, call } }
}

/** Stops the attempt because no call may be made now. The job comes back and uses no attempt. */
export const stopAsClosed = (by: Closed): Step<never> & { readonly kind: 'stopped' } =>
  stopWith({ kind: 'snooze', reason: { code: by, text: closedText[by] }, waitMs: 0 })

/** Stops the attempt because an answer breaks the vendor's contract. The job is retried. */
export const stopAsMalformed = (what: string): Step<never> =>
  stopWith({ kind: 'retry', reason: { code: 'malformed', text: `the vendor answered with ${what}` } satisfies Reason })

const HANDED_BACK = 'this process gives back what it has not sent'
const closedText: Record<Closed, string> = {
  paused: 'the fleet is paused',
  halted: 'the fleet is halted, or this worker stands aside',
  foreign: 'the fleet is bound to another app, or to none',
  aborted: HANDED_BACK,
  unready: HANDED_BACK,
  draining: HANDED_BACK,
}
