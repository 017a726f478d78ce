/**
 * All keys of receipts, derived from `RECEIPT_KEY` with HKDF-SHA256, one label each, so that none can be found from
 * another. Only the public part of the signing key ever leaves the process.
 *
 * What belongs in `keys/`: keys, signatures, and the process that seals. What does not: what is signed (`log/`).
 */

import { createHash, createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { parseReceiptKey } from '../../../config/receipt-key.ts'
import { type SigningKey, signingKeyOf } from './ed25519.ts'
import { decryptKey, encryptKey } from './wrapped-key.ts'

/** All uses of `RECEIPT_KEY`. */
export interface ReceiptSeals {
  /** Differs from key to key, and does not reveal the key. */
  readonly keyId: string
  /** Signs entries and heads. */
  readonly signing: SigningKey
  /** Makes the pseudonym of an account: always the same, and without the key it does not reveal the account. */
  pseudonymOf(account: string): string
  /** Makes a code over what this program leaves in Redis for itself, so that it can tell that nobody else wrote it. */
  codeOf(use: MacUse, parts: readonly unknown[]): string
  /**
   * Encrypts the keys of the pseudonyms so far for the holder of another `RECEIPT_KEY`.
   *
   * @param former what was passed on to this key, if it is not the first
   */
  passOnTo(next: Pick<ReceiptSeals, 'wrapping'>, former: string | undefined): string
  /** Gives the pseudonyms of all keys before this one; none where the text was not passed on to this key. */
  formerPseudonyms(passedOn: string): readonly ((account: string) => string)[]
  /** Key with which {@link passOnTo} encrypts. */
  readonly wrapping: Buffer
}

/** What a code is for. A code of one use never passes for another's. */
type MacUse = 'mark' | 'progress' | 'state'

/** Half of an HMAC-SHA-256: among a million million accounts two share a pseudonym with a probability of 10^-15. */
const PSEUDONYM_BYTES = 16
const CODE_BYTES = 16

const derive = (secret: Buffer, label: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), `clear-friends/${label}/v2`, 32))

/**
 * Derives all keys.
 *
 * @param key the value of `RECEIPT_KEY`
 * @throws {RangeError} when it is too short, too simple, or neither hex nor base64; settings are checked before
 */
export function createReceiptSeals(key: string): ReceiptSeals {
  const secret = parseReceiptKey(key)
  if (secret === undefined) {
    throw new RangeError(
      'a receipt key must be 256 random bits as hex or base64; `clear-friends receipts new-key` makes one',
    )
  }
  const signing = signingKeyOf(derive(secret, 'sign'))
  const pseudonymSecret = derive(secret, 'pseudonym')
  const wrapping = derive(secret, 'wrap')
  const codes = createSecretKey(derive(secret, 'redis'))
  return {
    keyId: createHash('sha256').update(signing.publicKey).digest('base64url'),
    signing,
    pseudonymOf: pseudonymsOf(pseudonymSecret),
    // JSON keeps the parts apart: no two lists of parts give the same text.
    codeOf: (use, parts) => shortHmac(codes, JSON.stringify([use, ...parts]), CODE_BYTES),
    passOnTo: (next, former) => {
      const before = former === undefined ? undefined : decryptKey(former, wrapping)
      return encryptKey(Buffer.concat([pseudonymSecret, before ?? Buffer.alloc(0)]), next.wrapping)
    },
    formerPseudonyms: passedOn => secretsIn(decryptKey(passedOn, wrapping)).map(pseudonymsOf),
    wrapping,
  }
}

const SECRET_BYTES = 32

function secretsIn(bytes: Buffer | undefined): Buffer[] {
  const count = Math.floor((bytes?.length ?? 0) / SECRET_BYTES)
  return Array.from({ length: count }, (_, index) =>
    (bytes ?? Buffer.alloc(0)).subarray(index * SECRET_BYTES, (index + 1) * SECRET_BYTES),
  )
}

function pseudonymsOf(secret: Buffer): (account: string) => string {
  // A key object, because a code made with plain bytes takes four times as long.
  const key = createSecretKey(secret)
  return account => shortHmac(key, account, PSEUDONYM_BYTES)
}

const shortHmac = (key: KeyObject, text: string, bytes: number): string =>
  createHmac('sha256', key).update(text).digest().subarray(0, bytes).toString('base64url')
