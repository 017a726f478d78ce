/**
 * The receipt of a job that ends, and the mark by which a worker knows later that the job has it.
 *
 * What belongs in `jobs/receipts/`: the log of receipts. `log/` holds its formats, `keys/` its keys and the sealer,
 * `read/` what reads and follows the log in Redis, `keep/` what signs its heads and changes it, `export/` what leaves
 * Redis, `verify/` the checks of it. What does not: writing a receipt, which is one step with settling a job
 * (`jobs/settle/`).
 */

import type { FinalOutcome, Verified } from '../job/outcome.ts'
import type { Sealed, Sealer } from './keys/sealer.ts'
import { LAST_MS } from './log/entry-body.ts'
import { entryArguments } from './write-entry.ts'

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
  /** Requests sent by all attempts; at least one where the account is cleared. */
  readonly calls: number
  readonly attempts: number
  /** Epoch ms. */
  readonly enqueuedAt: number
}

/** A receipt that is signed, and the arguments of the scripts that write it. */
export interface SealedReceipt {
  readonly sealed: Sealed
  /** See `contentFrom` in ledger.lua. */
  readonly args: readonly (string | number | Buffer)[]
}

/**
 * Signs the receipt of a job.
 *
 * @throws {RangeError} for an account that is said to be cleared without a call: that is never sealed
 */
export async function sealReceipt(jobId: string, end: FinalRecord, sealer: Sealer): Promise<SealedReceipt> {
  const { requests, outcome, verified, code = '', calls, attempts } = end
  if (outcome === 'cleared' && calls < 1) throw new RangeError('an account is not cleared without a call')
  // A foreign producer may have set BullMQ's time of the job to a fraction, or in another unit.
  const enqueuedAt = Math.min(Math.max(Math.round(end.enqueuedAt) || 0, 0), LAST_MS)
  const account = end.account === '' ? null : sealer.seals.pseudonymOf(end.account)
  const says = {
    ...{ account, requests, outcome, verified, code: code === '' ? null : code, calls, attempts },
    enqueuedAt: new Date(enqueuedAt).toISOString(),
  }
  const sealed = await sealer.seal({ kind: 'receipt', says })
  const proof = proofOf(jobId, { ...end, code, why: end.why ?? '' }, sealed, sealer)
  const args = [JSON.stringify(requests), outcome, verified, code, enqueuedAt, ...entryArguments(sealed), proof]
  return { sealed, args }
}

/** What a job's hash holds of its settle. */
export interface Mark {
  readonly outcome: FinalOutcome
  readonly code: string
  readonly why: string
  /** See {@link isMarkGenuine}. */
  readonly proof: string
}

type Marked = Omit<Mark, 'proof'>

/** Names sealer and number of the receipt, and proves that a holder of the key has settled this job of this account. */
const proofOf = (
  jobId: string,
  { account, ...marked }: Marked & { readonly account: string },
  { sealer: id, n, identity }: Pick<Sealed, 'sealer' | 'n' | 'identity'>,
  { seals }: Sealer,
): string => {
  const { outcome, code, why } = marked
  const reason = outcome === 'dead_lettered' ? [code, why] : ['', '']
  return `${id}.${n}.${seals.codeOf('mark', [identity.fleetId, jobId, account, outcome, ...reason, id, n])}`
}

/** Gives sealer and number that a proof names. */
export function numberIn(proof: string): { readonly sealer: string; readonly n: number } {
  const [sealer = '', n = ''] = proof.split('.')
  return { sealer, n: Number(n) }
}

/** Whether a holder of the key has left this mark in the hash of this job. Any client of Redis may have. */
export async function isMarkGenuine(jobId: string, account: string, mark: Mark, sealer: Sealer): Promise<boolean> {
  const identity = await sealer.identity()
  return mark.proof === proofOf(jobId, { ...mark, account }, { ...numberIn(mark.proof), identity }, sealer)
}
