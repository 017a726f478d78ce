import { z } from 'zod'
import { parseJson } from '../../config/parse-json.ts'
import { FINAL_OUTCOMES, type FinalOutcome, type Verified } from '../job/outcome.ts'
import { LAST_MS, parseContent } from './receipt-content.ts'
import type { ReceiptSeals } from './receipt-seals.ts'
import type { StoredReceipt } from './stored-receipts.ts'

const isoDate = z.iso.datetime()
const receiptSchema = z.strictObject({
  v: z.literal(1),
  /** Numbers have no gaps. */
  seq: z.int().min(1),
  /** When it was written. */
  at: isoDate,
  /** SDKAppID of the app in which the account was cleared; `null` where no worker had bound the fleet. */
  app: z.int().min(0).nullable(),
  /** Pseudonym of the account: HMAC-SHA-256 in base64url. `null` where the job held none. */
  account: z.string().nullable(),
  /** Ids of all erasure requests that wanted the account cleared. */
  requests: z.array(z.string()).readonly(),
  outcome: z.enum(FINAL_OUTCOMES),
  /** Whether a worker saw the friend list empty; `skipped` where it did not look. */
  verified: z.enum(['yes', 'no', 'skipped']),
  /** Why, where the account was not cleared: the vendor's code, or a word of ours. */
  code: z.string().nullable(),
  /** Requests sent by all attempts. */
  calls: z.int().min(0),
  attempts: z.int().min(0),
  /** By the producer's clock. */
  enqueuedAt: isoDate,
  /**
   * `<line>.<link>`: the seal of this line, empty where Redis held no proof of it; then the seal that ties it to the
   * line before. The first and the last line of an export have a third part, a {@link Mark}.
   */
  seal: z.string(),
})
const beginSchema = z.strictObject({ after: z.int(), since: isoDate.nullable(), request: z.string().nullable() })
const endSchema = z.strictObject({ through: z.int() })
const markSchema = z.strictObject({ begin: beginSchema.exactOptional(), end: endSchema.exactOptional() })

/** A receipt as it is exported. The names and their order are fixed. */
export type Receipt = Readonly<z.infer<typeof receiptSchema>>

/** The mark in the first line of an export, which holds all receipts behind `after` that fit the filter. */
export type BeginMark = Readonly<z.infer<typeof beginSchema>>

/** The mark in the last line of an export, which is complete up to receipt `through`. */
export type EndMark = Readonly<z.infer<typeof endSchema>>

/** See {@link BeginMark} and {@link EndMark}; an export of one line has both. */
export type Mark = Readonly<z.infer<typeof markSchema>>

/** Only a receipt that somebody tampered with has a time out of this range; its line is not sealed anyway. */
const isoOf = (ms: number): string => new Date(ms >= 0 && ms <= LAST_MS ? ms : 0).toISOString()

/** Puts a stored receipt into the form of an export, without its seal. */
export function toUnsealed(stored: StoredReceipt): Omit<Receipt, 'seal'> {
  const { account, requests, outcome, verified, code, calls, attempts, enqueuedAt, app } = parseContent(stored.content)
  return {
    v: 1,
    seq: stored.seq,
    at: isoOf(stored.at),
    app,
    account: account === '' ? null : account,
    requests,
    outcome: outcome as FinalOutcome,
    verified: verified as Verified,
    code: code === '' ? null : code,
    calls,
    attempts,
    enqueuedAt: isoOf(enqueuedAt),
  }
}

/** Seals lines one after the other, each tied to the one before. */
export class LineSealer {
  readonly #seals: ReceiptSeals
  #link = ''

  constructor(seals: ReceiptSeals) {
    this.#seals = seals
  }

  /**
   * @param proved whether Redis held proof of the receipt; only then the line is sealed
   * @returns the line of the export, without a line end
   */
  seal(receipt: Omit<Receipt, 'seal'>, proved: boolean, mark: Mark): string {
    const line = proved ? lineSeal(receipt, this.#seals) : ''
    const markText = Object.keys(mark).length === 0 ? '' : Buffer.from(JSON.stringify(mark)).toString('base64url')
    this.#link = linkSeal(mark.begin === undefined ? this.#link : '', line, markText, this.#seals)
    const seal = [line, this.#link, ...(markText === '' ? [] : [markText])].join('.')
    return JSON.stringify({ ...receipt, seal } satisfies Receipt)
  }
}

/** A parsed line of a file, with its claims and those of them that its seal proves. */
export interface ClaimedLine {
  readonly receipt: Receipt
  /** Whether the seal fits the content. */
  readonly genuine: boolean
  /** Whether the seal is empty, as of a receipt that the exporter could not prove. */
  readonly unproved: boolean
  readonly link: string
  readonly mark: Mark
  /** Whether the line's link follows a given one. */
  follows(link: string): boolean
}

/**
 * Parses a line of an export.
 *
 * @returns nothing where the text has not the form of a receipt
 */
export function parseLine(text: string, seals: ReceiptSeals): ClaimedLine | undefined {
  const parsed = receiptSchema.safeParse(parseJson(text))
  // Another notation of the same values, such as a name that comes twice, may mean something else to another reader.
  if (!parsed.success || JSON.stringify(parsed.data) !== text) return undefined
  const receipt = parsed.data
  const [line = '', link = '', markText = '', ...rest] = receipt.seal.split('.')
  if (rest.length > 0) return undefined
  const mark = markSchema.safeParse(markText === '' ? {} : parseJson(Buffer.from(markText, 'base64url').toString()))
  const follows = (before: string): boolean => link === linkSeal(before, line, markText, seals)
  return {
    receipt,
    genuine: line !== '' && line === lineSeal(receipt, seals),
    unproved: line === '',
    link,
    // A begin mark counts only where the line's own link covers it.
    mark: mark.success && (mark.data.begin === undefined || follows('')) ? mark.data : {},
    follows,
  }
}

const lineSeal = (receipt: Omit<Receipt, 'seal'>, seals: ReceiptSeals): string => {
  const { v, seq, at, app, account, requests, outcome, verified, code, calls, attempts, enqueuedAt } = receipt
  return seals.line([v, seq, at, app, account, requests, outcome, verified, code, calls, attempts, enqueuedAt])
}

const linkSeal = (before: string, line: string, markText: string, seals: ReceiptSeals): string =>
  seals.link([before, line, markText])
