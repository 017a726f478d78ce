/**
 * The certificate of a request, or of all accounts of a log: what was asked, what became of it, what it does not prove, and how to check it.
 *
 * What belongs in `certificate/`: the certificate and its page. What does not: the check of receipts (`verify/`).
 */

import { createHash } from 'node:crypto'
import { readVersion } from '../../../config/version.ts'
import type { RedisConnection } from '../../../redis/connection.ts'
import { requireKey } from '../../status/fleet-contract.ts'
import type { ReceiptSeals } from '../keys/receipt-seals.ts'
import { originOf } from '../log/origin.ts'
import { formatVerifierKey } from '../log/signed-note.ts'
import { openLog } from '../read/open-log.ts'
import { type CollectedAccounts, collectAccounts } from './collect-accounts.ts'

/** The certificate. The names and their order are fixed. */
export interface Certificate {
  /** The same content has the same id. */
  readonly id: string
  readonly v: 1
  /** Time of the signed head: what the log held then is certified. */
  readonly issuedAt: string
  readonly issuer: string
  /** `null`: all accounts of the log. */
  readonly request: string | null
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
  readonly counts: Omit<CollectedAccounts['totals'], 'verified'>
  readonly verification: {
    readonly how: string
    readonly verifyShares: readonly number[]
  } & CollectedAccounts['totals']['verified']
  /** Number of dead letters and of other accounts that were not cleared, by code. */
  readonly codes: Readonly<Record<string, number>>
  readonly notCovered: readonly string[]
  readonly receipts: { readonly first: number; readonly last: number; readonly lines: number }
  readonly log: { readonly origin: string; readonly publicKey: string; readonly checkpoint: string | null }
  readonly check: readonly string[]
  /** SHA-256 in hex of this object without this field, as one line of JSON. */
  readonly digest: string
}

/** What to certify. */
export interface CertifyOptions {
  /** The caller closes it. */
  readonly redis: RedisConnection
  readonly prefix: string
  readonly seals: ReceiptSeals
  /** The accounts of this request; `null`: all accounts of the log. */
  readonly request: string | null
  /** Names of the export and of the certificate in the commands that check them. */
  readonly files?: { readonly receipts: string; readonly certificate: string }
}

const USUAL_FILES = { receipts: 'receipts.ndjson', certificate: 'certificate.html' }

/**
 * Makes a certificate from the log in Redis. Reads only.
 *
 * @returns nothing where no entry is about such accounts
 * @throws {ReceiptKeyError} when the log is kept with another key
 * @throws {Error} when the log does not fit together: nothing is certified then
 */
export async function certify(options: CertifyOptions): Promise<Certificate | undefined> {
  const { redis, prefix, seals, request, files = USUAL_FILES } = options
  await requireKey(redis, prefix, seals)
  const log = await openLog(redis, prefix, seals)
  if (log === undefined) return undefined
  const collected = await collectAccounts(redis, prefix, log, request)
  if (collected === undefined) return undefined
  const { totals, lastAt, due } = collected
  const incomplete = whyIncomplete(collected, {
    covered: log.head?.size ?? 0,
    trimmed: request === null ? log.base : 0,
  })
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
    check: commandsFor(publicKey, files),
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

/**
 * @param covered number of entries that the signed head covers
 * @param trimmed number of entries that were trimmed and may have been about these accounts
 */
function whyIncomplete(
  { totals, last }: CollectedAccounts,
  { covered, trimmed }: { readonly covered: number; readonly trimmed: number },
): readonly string[] {
  const { accepted, pending, dead_lettered: dead } = totals
  return [
    ...(accepted === null ? ['no producer has signed how many accounts were accepted'] : []),
    ...(accepted !== null && pending === null
      ? ['more accounts have ended than producers have signed as accepted: somebody enqueued without the key']
      : []),
    ...(trimmed > 0 ? [`the first ${trimmed} entries were trimmed, so accounts may be missing here`] : []),
    ...((pending ?? 0) > 0 ? [`accounts that are pending or missing: ${pending}`] : []),
    ...(dead > 0 ? [`dead letters, whose friends may still be there: ${dead}`] : []),
    ...(last > covered ? ['the last receipts stand in no signed head yet; ask again in some seconds'] : []),
  ]
}

/** Both run on a machine with nothing but Node.js and the file docs/examples/verify-receipts.mjs. */
function commandsFor(publicKey: string, files: Required<CertifyOptions>['files']): readonly string[] {
  const check = `node verify-receipts.mjs ${quoted(files.receipts)} '${publicKey}'`
  return [check, `${check} ${quoted(files.certificate)}`]
}

/** For a shell, which would take a name with a dash in front for an option. */
function quoted(name: string): string {
  const path = name.startsWith('-') ? `./${name}` : name
  return /^[\w./:@%+=,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
