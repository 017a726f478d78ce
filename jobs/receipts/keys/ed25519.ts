import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

/** Length of a signature in bytes. */
export const SIGNATURE_BYTES = 64
/** Length of a public key in bytes, in its raw form. */
export const PUBLIC_KEY_BYTES = 32
/** In front of the seed in the PKCS #8 form of a private key (RFC 8410). */
const PRIVATE_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
/** In front of the raw key in the form of a public key that OpenSSL reads (RFC 8410). */
const PUBLIC_HEAD = Buffer.from('302a300506032b6570032100', 'hex')

/** A private key of Ed25519, with its public part. Its signatures of a message are always the same (RFC 8032). */
export interface SigningKey {
  readonly publicKey: Buffer
  sign(message: string | Buffer): Buffer
}

/** Makes a signing key from 32 secret bytes. */
export function signingKeyOf(seed: Buffer): SigningKey {
  const key = createPrivateKey({ key: Buffer.concat([PRIVATE_HEAD, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(PUBLIC_HEAD.length)
  return { publicKey, sign: message => sign(null, Buffer.from(message), key) }
}

/** Whether a signature of a message was made with the private part of a raw public key. */
export const isSignedBy = (publicKey: Buffer, message: string | Buffer, signature: Buffer): boolean =>
  verify(null, Buffer.from(message), keyObjectOf(publicKey), signature)

/** Gives a raw public key in the form that OpenSSL reads. */
export const pemOf = (publicKey: Buffer): string =>
  keyObjectOf(publicKey).export({ format: 'pem', type: 'spki' }).toString()

/** Reads the raw public key from PEM; nothing where the text is no public key of Ed25519. */
export function publicKeyFromPem(pem: string): Buffer | undefined {
  try {
    const key = createPublicKey(pem)
    if (key.asymmetricKeyType !== 'ed25519') return undefined
    return key.export({ format: 'der', type: 'spki' }).subarray(PUBLIC_HEAD.length)
  } catch {
    return undefined
  }
}

const objects = new Map<string, KeyObject>()

/** Making the object takes longer than a verification, so it is kept. A log has as many keys as it was given. */
function keyObjectOf(publicKey: Buffer): KeyObject {
  const name = publicKey.toString('base64')
  const kept = objects.get(name)
  if (kept !== undefined) return kept
  const made = createPublicKey({ key: Buffer.concat([PUBLIC_HEAD, publicKey]), format: 'der', type: 'spki' })
  if (objects.size > 100) objects.clear()
  objects.set(name, made)
  return made
}
