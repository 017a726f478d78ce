import type { Reason } from '../../jobs/job/outcome.ts'
import type { Reply } from './client.ts'
import { type AnswerClass, isListedCode, ruleOfCode } from './error-codes.ts'

/** What a reply means: what to do about it, why, and how to count it. */
export interface Verdict {
  readonly class: AnswerClass
  readonly reason: Reason
  /** What an operator must do, where one must. */
  readonly act?: string
  /** Value of the `code` label: a listed code, or a word. Bounded, whatever the vendor answers. */
  readonly label: string
  /** Whether the vendor may have done what was asked although this is no success. */
  readonly outcomeUnknown: boolean
  /** Whether the vendor itself answered; otherwise something on the way did, or nobody. */
  readonly answered: boolean
  /** After so many accounts in a row the fault is not theirs; see `FaultStreaks`. */
  readonly haltsAfter?: number
  /** Attempts of a job that may end like this, where fewer than `MAX_ATTEMPTS` make sense. */
  readonly attempts?: number
  /** The body of a success, for those who need more than the code. */
  readonly body: unknown
}

const OUTCOME_UNKNOWN_CODES = new Set([30007, 60008, 60013])

/** A proxy or firewall that refuses one odd request is one thing; three accounts in a row are another. */
const REFUSED_ON_THE_WAY = 3

/**
 * Judges a reply. HTTP is always 200 at this vendor, so the code in the body decides; everything else comes from
 * between us and the vendor, or breaks the contract.
 */
export function classify(reply: Reply): Verdict {
  switch (reply.kind) {
    case 'answer':
      return classifyAnswer(reply)
    case 'http':
      return classifyStatus(reply.status)
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

const unknownOutcome = (code: string, text: string): Verdict => ({
  class: 'retry_later',
  reason: { code, text },
  label: code,
  outcomeUnknown: true,
  answered: false,
  body: undefined,
})

/** The value of a `reason` label for a code: as many values as we know codes, whatever the vendor and proxies answer. */
export function labelOfReason(code: string): string {
  if (/^\d+$/.test(code)) return isListedCode(Number(code)) ? code : 'unlisted'
  return code.replace(/^http_(\d)\d*$/, 'http_$1xx')
}
