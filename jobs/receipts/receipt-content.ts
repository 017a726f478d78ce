import { z } from 'zod'
import { parseJson } from '../../config/parse-json.ts'
import type { FinalOutcome, Verified } from '../job/outcome.ts'
import type { ReceiptSeals } from './receipt-seals.ts'

/** The end of a job, as known to the worker or command that ends it. */
export interface FinalRecord {
  /** The user id; only its pseudonym is written. Empty where the job holds none. */
  readonly account: string
  /** Ids of all requests that wanted the account cleared. */
  readonly requests: readonly string[]
  readonly outcome: FinalOutcome
  /** Whether a worker saw the friend list empty. */
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
 * Makes the sealed content of a receipt, as arguments of the scripts: the values by which they count (requests as a JSON
 * array, outcome, verified, code, enqueuedAt in epoch ms), the text that Redis keeps, and the seal over it. The text is
 * a JSON array of pseudonym, requests, outcome, verified, code, calls, attempts, enqueuedAt, app; {@link parseContent}
 * reads it. The script adds number, time and chain.
 *
 * @param app SDKAppID of the fleet; `null` where no worker has bound it yet
 */
export function sealedContent(end: FinalRecord, seals: ReceiptSeals, app: number | null): readonly (string | number)[] {
  const { requests, outcome, verified, code = '', calls, attempts } = end
  const account = end.account === '' ? '' : seals.pseudonymOf(end.account)
  // A foreign producer may have set BullMQ's time of the job to a fraction, or in another unit.
  const enqueuedAt = Math.min(Math.max(Math.round(end.enqueuedAt) || 0, 0), LAST_MS)
  const text = JSON.stringify([account, requests, outcome, verified, code, calls, attempts, enqueuedAt, app])
  return [JSON.stringify(requests), outcome, verified, code, enqueuedAt, text, seals.content(text)]
}

/** The content of a receipt, parsed. */
export interface ReceiptContent {
  /** Pseudonym; empty where the job held no account. */
  readonly account: string
  readonly requests: readonly string[]
  readonly outcome: string
  readonly verified: string
  readonly code: string
  readonly calls: number
  readonly attempts: number
  /** Epoch ms. */
  readonly enqueuedAt: number
  /** SDKAppID; `null` where no worker had bound the fleet. */
  readonly app: number | null
}

const [text, count] = [z.string(), z.number()]
const contentSchema = z.tuple([text, z.array(text), text, text, text, count, count, count, count.nullable()])

/**
 * Reads the text of a content. Any client of Redis may have changed it. A text that cannot be read gives empty fields;
 * its seal shows the change.
 */
export function parseContent(contentText: string): ReceiptContent {
  const [account, requests, outcome, verified, code, calls, attempts, enqueuedAt, app] = readArray(contentText)
  return { account, requests, outcome, verified, code, calls, attempts, enqueuedAt, app }
}

function readArray(contentText: string): z.infer<typeof contentSchema> {
  const parsed = contentSchema.safeParse(parseJson(contentText))
  return parsed.success ? parsed.data : ['', [], '', '', '', 0, 0, 0, null]
}
