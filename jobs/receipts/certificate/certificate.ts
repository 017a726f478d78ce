/**
 * The certificate of a request: what was asked, what became of it, what it does not prove, and how to check it.
 *
 * What belongs in `certificate/`: the certificate and its page. What does not: the check of receipts (`verify/`).
 */

import { createHash } from 'node:crypto'
import { readVersion } from '../../../config/version.ts'
import type { RedisConnection } from '../../../redis/connection.ts'
import { requireKey } from '../../status/fleet-contract.ts'
import { openLog } from '../keep/open-log.ts'
import type { ReceiptSeals } from '../keys/receipt-seals.ts'
import { originOf } from '../log/origin.ts'
import { formatVerifierKey } from '../log/signed-note.ts'
import { type CollectedRequest, collectRequest } from './collect-accounts.ts'

/** The certificate of a request. The names and their order are fixed. */
export interface Certificate {
  /** The same content has the same id. */
  readonly id: string
  readonly v: 1
  /** Time of the signed head: what the log held then is certified. */
  readonly issuedAt: string
  readonly issuer: string
  readonly request: string
  /** Whether all accepted accounts have ended, none as a dead letter, and a signed head covers all their receipts. */
  readonly complete: boolean
  /** Why it is not complete, in words. */
  readonly incomplete: readonly string[]
  readonly system: string
  readonly app: number
  readonly host: string | null
  readonly dataCategory: string
  readonly method: string
  readonly acceptedAt: string | null
  readonly due: string | null
  readonly completedAt: string | null
  /** Whether the last account ended by the due date; `null` while it is not complete, or no due date is known. */
  readonly onTime: boolean | null
  readonly counts: Omit<CollectedRequest['totals'], 'verified'>
  readonly verification: {
    readonly how: string
    readonly verifyShares: readonly number[]
  } & CollectedRequest['totals']['verified']
  /** Number of dead letters and of other accounts that were not cleared, by code. */
  readonly codes: Readonly<Record<string, number>>
  readonly notCovered: readonly string[]
  readonly receipts: { readonly first: number | null; readonly last: number | null; readonly lines: number }
  readonly log: { readonly origin: string; readonly publicKey: string; readonly checkpoint: string | null }
  readonly check: readonly string[]
  /** SHA-256 in hex of this object without this field, as one line of JSON. */
  readonly digest: string
}

/**
 * Makes the certificate of a request from the log in Redis. Reads only.
 *
 * @returns nothing where no entry names the request
 * @throws {ReceiptKeyError} when the log is kept with another key
 * @throws {Error} when the log does not fit together: nothing is certified then
 */
export async function certify(
  redis: RedisConnection,
  prefix: string,
  seals: ReceiptSeals,
  request: string,
): Promise<Certificate | undefined> {
  await requireKey(redis, prefix, seals)
  const log = await openLog(redis, prefix, seals)
  if (log === undefined) return undefined
  const collected = await collectRequest(redis, prefix, log, request)
  if (collected === undefined) return undefined
  const { totals, lastAt, due } = collected
  const incomplete = whyIncomplete(collected, log.head?.size ?? 0)
  const complete = incomplete.length === 0
  const { verified, ...counts } = totals
  const origin = originOf(log.identity)
  const publicKey = formatVerifierKey({ name: origin, publicKey: seals.signing.publicKey })
  const certificate: Omit<Certificate, 'digest' | 'id'> = {
    v: 1,
    ...{ issuedAt: new Date(log.head?.time ?? Date.now()).toISOString(), issuer: `clear-friends ${readVersion()}` },
    ...{ request, complete, incomplete, system: 'Tencent Cloud IM', app: log.identity.app, host: collected.host },
    dataCategory:
      'relation chain (friends) of the accounts, and the accounts in the lists of their friends unless one way was asked',
    method: 'friend_delete_all of the vendor’s REST API, answered with success by the vendor',
    ...{ acceptedAt: collected.acceptedAt, due, completedAt: complete ? lastAt : null },
    onTime: complete && due !== null && lastAt !== null ? lastAt <= due : null,
    counts,
    verification: {
      how: 'read of the friend list after the delete',
      verifyShares: collected.verifyShares,
      ...verified,
    },
    ...{ codes: collected.codes, notCovered: NOT_COVERED },
    receipts: { first: collected.first, last: collected.last, lines: collected.lines },
    log: { origin, publicKey, checkpoint: log.head === undefined ? null : log.note },
    check: commandsFor(publicKey),
  }
  const named = { id: digestOf(certificate).slice(0, ID_LENGTH), ...certificate }
  return { ...named, digest: digestOf(named) }
}

const ID_LENGTH = 32

const digestOf = (certificate: object): string => createHash('sha256').update(JSON.stringify(certificate)).digest('hex')

const NOT_COVERED = [
  'backups and logs of the vendor: the vendor answered that it deleted the friends, nobody else can see more',
  'messages, groups, black lists, profile and account of the person',
  'lists of friends of other people, where one way only was asked',
  'data of the person in other systems',
  'what happened after the completion: a person who is imported again may have friends again',
] as const

function whyIncomplete({ totals, last }: CollectedRequest, covered: number): readonly string[] {
  return [
    ...(totals.accepted === null ? ['no producer has signed how many accounts were accepted'] : []),
    ...((totals.pending ?? 0) > 0 ? [`${totals.pending} accounts are pending or missing`] : []),
    ...(totals.dead_lettered > 0
      ? [`${totals.dead_lettered} accounts are dead letters: their friends may still be there`]
      : []),
    ...(last !== null && last > covered
      ? ['the last receipts stand in no signed head yet; ask again in some seconds']
      : []),
  ]
}

/** Both run on a machine with nothing but Node.js and the file docs/examples/verify-receipts.mjs. */
const commandsFor = (publicKey: string): readonly string[] => [
  `node verify-receipts.mjs receipts.ndjson '${publicKey}'`,
  `node verify-receipts.mjs receipts.ndjson '${publicKey}' certificate.html`,
]
