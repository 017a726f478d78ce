import type { Outcome, Reason } from '../../jobs/job/outcome.ts'
import type { Closed } from '../../limiter/lane.ts'
import type { Verdict } from '../vendor/classify.ts'
import type { Command } from '../vendor/client.ts'
import type { CallResult } from '../vendor/paced-call.ts'

/** Everything the steps of one attempt at one account share. */
export interface Attempt {
  readonly account: string
  readonly deleteType: 'Delete_Type_Both' | 'Delete_Type_Single'
  /** Calls the vendor; counts every request. A verdict that many accounts share is `stop`. */
  call(command: Command, body: Readonly<Record<string, unknown>>): Promise<CallResult>
  /** Takes in a verdict that was reached otherwise than by the call alone. */
  judge(command: Command, verdict: Verdict): Verdict
  /** Waits; shorter when the process drains. */
  wait(ms: number): Promise<void>
  /** Whether waits are given up. */
  readonly isOver: () => boolean
}

/** What a step that is not the last gives: what it was for, or an outcome that ends the attempt. */
export type Step<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'stopped'; readonly stop: StepStop }

/** How an attempt ends, and the operator's advice where one must act. */
export interface StepStop {
  readonly outcome: Outcome
  readonly act?: string
  /** Attempts of a job that may end like this, where fewer than `MAX_ATTEMPTS` make sense. */
  readonly attempts?: number
}

/** A step that reached what it was for. */
export const done = <T>(value: T): Step<T> => ({ kind: 'done', value })

/** A step that ends the attempt. */
export const stopWith = (
  outcome: Outcome,
  act?: string,
  attempts?: number,
): Step<never> & { readonly kind: 'stopped' } => ({
  kind: 'stopped',
  stop: { outcome, ...(act === undefined ? {} : { act }), ...(attempts === undefined ? {} : { attempts }) },
})

/** Come back this much later after the vendor called us too fast; the limiter has slowed down by then. */
const THROTTLED_WAIT_MS = 1000
/** Security policies calm down in minutes, not in seconds. */
const POLICY_WAIT_MS = 180_000
const POLICY_CODE = '31707'

/** Ends the attempt with what a verdict means for a job, where the verdict is no success. */
export function stopBy(verdict: Verdict): Step<never> {
  const { reason, act } = verdict
  switch (verdict.class) {
    case 'retry_now':
    case 'retry_later':
    case 'conflict':
      return stopWith({ kind: 'retry', reason }, act, verdict.attempts)
    case 'throttled':
    case 'throttled_all': {
      const waitMs = reason.code === POLICY_CODE ? POLICY_WAIT_MS : THROTTLED_WAIT_MS
      return stopWith({ kind: 'snooze', reason, waitMs })
    }
    case 'renew_signature':
    case 'recheck_signature':
    case 'stop':
      return stopWith({ kind: 'stop', reason }, act)
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

/** Ends the attempt because no call may be made; no attempt is used. */
export const stopAsClosed = (by: Closed): Step<never> & { readonly kind: 'stopped' } =>
  stopWith({ kind: 'snooze', reason: { code: by, text: closedText[by] }, waitMs: 0 })

/** Ends the attempt because an answer lacks what it must have. */
export const stopAsMalformed = (what: string): Step<never> =>
  stopWith({ kind: 'retry', reason: { code: 'malformed', text: `the vendor answered with ${what}` } satisfies Reason })

const HANDED_BACK = 'this process gives back what it has not sent'
const closedText: Record<Closed, string> = {
  paused: 'the fleet is paused',
  halted: 'the fleet is halted',
  aborted: HANDED_BACK,
  unready: HANDED_BACK,
  draining: HANDED_BACK,
}
