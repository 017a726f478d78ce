import type { FinalOutcome, Verified } from '../outcome.ts'
import type { ReceiptSeals } from './receipt-seals.ts'

/** How a job ended, as whoever ends it knows it. */
export interface JobEnd {
  /** The user id; only its pseudonym is written. Empty where the job holds none. */
  readonly account: string
  readonly request?: string | undefined
  readonly outcome: FinalOutcome
  /** Whether the friend list was seen empty. */
  readonly verified: Verified
  /** Why, where it was not cleared: the vendor's code, or a word of ours. */
  readonly code?: string | undefined
  /** Why in words, for a dead letter. Holds no user id. */
  readonly why?: string | undefined
  /** Requests sent by all attempts. */
  readonly calls: number
  readonly attempts: number
  /** Epoch ms. */
  readonly enqueuedAt: number
}

/** The last millisecond of the year 9999, in epoch ms. */
export const LAST_MS = 253_402_300_799_999

/**
 * Makes the content of a receipt as the scripts take it: pseudonym, request, outcome, verified, code, calls, attempts,
 * enqueuedAt (epoch ms), and the seal over all of them. Number, time and chain are added in Redis.
 */
export function sealedContent(end: JobEnd, seals: ReceiptSeals): readonly (string | number)[] {
  const content = [
    end.account === '' ? '' : seals.pseudonymOf(end.account),
    end.request ?? '',
    end.outcome,
    end.verified,
    end.code ?? '',
    end.calls,
    end.attempts,
    // BullMQ lets foreign producers set it: it may be a fraction, or in another unit.
    Math.min(Math.max(Math.round(end.enqueuedAt) || 0, 0), LAST_MS),
  ]
  return [...content, seals.content(content)]
}
