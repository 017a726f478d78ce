import type { Reason } from '../../jobs/job/outcome.ts'
import type { Reply } from './client.ts'
import { type AnswerClass, isListedCode, ruleOfCode } from './error-codes.ts'
import type { SentCall } from './traffic.ts'

/** Meaning of a reply: what to do about it, why, and how to count it. */
export interface Verdict {
  readonly class: AnswerClass
  readonly reason: Reason
  /** Advice for the operator, if one must act. */
  readonly act?: string
  /** Value of the `code` label: a listed code, or a word. Bounded, whatever the vendor answers. */
  readonly label: string
  /** Whether the vendor may have carried out the request although this is no success. */
  readonly outcomeUnknown: boolean
  /** Whether the vendor itself answered; if not, a proxy did, or nobody. */
  readonly answered: boolean
  /** Number of accounts in a row with this verdict after which the fault is ours; see `FaultStreaks`. */
  readonly haltsAfter?: number
  /** Number of attempts with this verdict that make a dead letter of the job; default `MAX_ATTEMPTS`. */
  readonly attempts?: number
  /** JSON of the vendor's answer, not checked by a schema; `undefined` if the vendor did not answer. */
  readonly body: unknown
  /** Whether most requests of this command get no good answer now. */
  readonly isOutage?: boolean
  /** How long the sender of the answer wants us to wait, in ms. */
  readonly waitMs?: number
  /** The request that got this verdict; absent for a verdict that a step derived itself. */
  readonly call?: SentCall
}

const OUTCOME_UNKNOWN_CODES = new Set([30007, 60008, 60013])

/** A proxy or firewall may refuse one odd request; it refuses all when three accounts in a row are refused. */
const REFUSED_ON_THE_WAY = 3

/**
 * Judges a reply. The vendor always answers with HTTP 200, so the code in the body decides. Every other reply comes
 * from a proxy or breaks the contract.
 */
export function classify(reply: Reply): Verdict {
  switch (reply.kind) {
    case 'answer':
      return classifyAnswer(reply)
    case 'http':
      return reply.status === 429 ? classifyTooMany(reply.retryAfterMs) : classifyStatus(reply.status)
    case 'malformed':
      return unknownOutcome('malformed', `the vendor answered with ${reply.what}`)
    case 'transport':
      return unknownOutcome(reply.what, transportText[reply.what])
    default:
      return reply satisfies never
  }
}

const transportText = {
  timeout: 'no answer in time',
  reset: 'the connection broke before the answer was complete',
} as const

function classifyAnswer(reply: Reply & { kind: 'answer' }): Verdict {
  const { ActionStatus: status, ErrorCode: code } = reply.envelope
  if ((status === 'OK') !== (code === 0)) {
    return unknownOutcome('contradiction', 'ActionStatus and ErrorCode contradict each other')
  }
  const rule = ruleOfCode(code)
  return {
    class: rule.class,
    reason: { code: String(code), text: rule.means },
    ...(rule.act === undefined ? {} : { act: rule.act }),
    ...(rule.haltsAfter === undefined ? {} : { haltsAfter: rule.haltsAfter }),
    ...(rule.attempts === undefined ? {} : { attempts: rule.attempts }),
    label: isListedCode(code) ? String(code) : 'unlisted',
    outcomeUnknown: OUTCOME_UNKNOWN_CODES.has(code),
    answered: true,
    body: reply.body,
  }
}

function classifyStatus(status: number): Verdict {
  const base = { answered: false, reason: { code: `http_${status}`, text: `HTTP status ${status}` }, body: undefined }
  if (status >= 500) return { ...base, class: 'retry_later', label: 'http_5xx', outcomeUnknown: true }
  if (status >= 400) {
    return {
      ...base,
      class: 'retry_later',
      act: 'Something between here and the vendor refuses the requests: look at proxy, firewall and IM_BASE_URL.',
      label: 'http_4xx',
      outcomeUnknown: false,
      haltsAfter: REFUSED_ON_THE_WAY,
    }
  }
  if (status < 300) return unknownOutcome('malformed', `HTTP status ${status}, which the vendor does not use`)
  return {
    ...base,
    class: 'stop',
    act: 'Something between here and the vendor redirects; requests carry a signature and must not be redirected.',
    label: 'http_3xx',
    outcomeUnknown: false,
  }
}

/** A proxy says that we are too fast; the vendor documents no such answer. */
const classifyTooMany = (waitMs: number | undefined): Verdict => ({
  class: 'throttled',
  reason: { code: 'http_429', text: 'HTTP status 429, too many requests' },
  act: 'Something between here and the vendor limits the requests: look at the proxy, or lower the rate.',
  label: 'http_4xx',
  outcomeUnknown: false,
  answered: false,
  body: undefined,
  ...(waitMs === undefined ? {} : { waitMs }),
})

const unknownOutcome = (code: string, text: string): Verdict => ({
  class: 'retry_later',
  reason: { code, text },
  label: code,
  outcomeUnknown: true,
  answered: false,
  body: undefined,
})

/** Gives the `reason` label for a code. Unlisted codes share one label, so that the labels stay bounded. */
export function labelOfReason(code: string): string {
  if (/^\d+$/.test(code)) return isListedCode(Number(code)) ? code : 'unlisted'
  return code.replace(/^http_(\d)\d*$/, 'http_$1xx')
}
