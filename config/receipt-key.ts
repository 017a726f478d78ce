/** Bits that nobody can guess: as many as the keys that are derived from them have. */
const LEAST_BYTES = 32
/** 32 random bytes hold 30 different ones; fewer than this come by chance once in 10^20 keys. */
const LEAST_DIFFERENT = 16
/** Of the characters of random base64 a third are hex digits. A text with this share is hex with a typing error. */
const HEX_SHARE = 0.75

/**
 * Reads the bytes of a `RECEIPT_KEY`: 64 or more hex digits, or base64 or base64url of 32 or more bytes.
 *
 * @returns nothing where the text has another form, is too short, or follows a pattern, so that it was not made by chance
 */
export function parseReceiptKey(text: string): Buffer | undefined {
  const bytes = /^([0-9a-f]{2}){32,}$/i.test(text) ? Buffer.from(text, 'hex') : fromBase64(text)
  if (bytes === undefined || bytes.length < LEAST_BYTES) return undefined
  return isPattern(bytes) || isWords(bytes) ? undefined : bytes
}

function fromBase64(text: string): Buffer | undefined {
  const plain = text
    .replace(/={1,2}$/, '')
    .replaceAll('-', '+')
    .replaceAll('_', '/')
  const bytes = Buffer.from(plain, 'base64')
  const isCanonical = bytes.toString('base64').replace(/=+$/, '') === plain
  const hexDigits = plain.replace(/[^0-9a-f]/gi, '').length
  return isCanonical && hexDigits < plain.length * HEX_SHARE ? bytes : undefined
}

/** Whether few bytes come again and again, one part is repeated, or each byte follows from the one before. */
function isPattern(bytes: Buffer): boolean {
  if (new Set(bytes).size < LEAST_DIFFERENT) return true
  const half = Math.floor(bytes.length / 2)
  const repeats = (length: number): boolean => bytes.subarray(length).equals(bytes.subarray(0, bytes.length - length))
  if (Array.from({ length: half }, (_, index) => index + 1).some(repeats)) return true
  const steps = new Set(bytes.subarray(1).map((byte, index) => byte - (bytes[index] ?? 0)))
  return steps.size <= 2
}

/** Whether the bytes are a text that somebody has typed. */
const isWords = (bytes: Buffer): boolean => bytes.every(byte => byte >= 0x20 && byte < 0x7f)
