import { createHmac, createSecretKey } from 'node:crypto'

/**
 * All uses of `RECEIPT_KEY`. Each gives an HMAC-SHA-256 in base64url, 43 characters.
 *
 * A pseudonym is made with the key itself, so that a person who has key and account finds the receipt with any tool that
 * computes an HMAC; docs/receipts.md shows one that keeps both out of the process list. Each kind of seal has a key of
 * its own, derived from `RECEIPT_KEY`, so that a seal of one kind can never pass for another.
 */
export interface ReceiptSeals {
  /** Differs from key to key, and does not reveal the key. */
  readonly keyId: string
  /**
   * Makes the pseudonym of an account: always the same one, which without the key does not reveal the account.
   */
  pseudonymOf(account: string): string
  /** Seals the text of a receipt, as Redis keeps it. */
  content(text: string): string
  /** Seals the chain up to a receipt. */
  checkpoint(parts: readonly (string | number)[]): string
  /** Seals a line of an export, its number and time included. */
  line(parts: readonly (string | number | null | readonly string[])[]): string
  /** Ties a line of an export to the one before it. */
  link(parts: readonly string[]): string
}

/**
 * Derives the seals from the key of receipts.
 *
 * @param key the value of `RECEIPT_KEY`
 */
export function createReceiptSeals(key: string): ReceiptSeals {
  const forPseudonyms = createSecretKey(key, 'utf8')
  const sealWith = (use: string): ((text: string) => string) => {
    // No account holds a line feed, so no pseudonym can be one of these keys.
    // A key object, because a seal made with plain bytes takes four times as long.
    const derived = createSecretKey(createHmac('sha256', key).update(`clear-friends receipts 1\n${use}`).digest())
    return text => createHmac('sha256', derived).update(text).digest('base64url')
  }
  const [content, checkpoint, line, link] = [
    sealWith('content'),
    sealWith('checkpoint'),
    sealWith('line'),
    sealWith('link'),
  ]
  // JSON keeps the parts apart: no two lists of parts give the same text.
  return {
    keyId: checkpoint(JSON.stringify(['key'])),
    pseudonymOf: account => createHmac('sha256', forPseudonyms).update(account).digest('base64url'),
    content,
    checkpoint: parts => checkpoint(JSON.stringify(parts)),
    line: parts => line(JSON.stringify(parts)),
    link: parts => link(JSON.stringify(parts)),
  }
}
