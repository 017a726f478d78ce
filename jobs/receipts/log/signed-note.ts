/** Signed notes and verifier keys of C2SP (c2sp.org/signed-note, read 2026-11), with one Ed25519 signature. */

import { createHash } from 'node:crypto'
import { isSignedBy, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, type SigningKey } from '../keys/ed25519.ts'

const ED25519 = Buffer.from([1])
const ID_BYTES = 4

/** A public key with the name under which it signs. */
export interface VerifierKey {
  readonly name: string
  readonly publicKey: Buffer
}

const keyIdOf = ({ name, publicKey }: VerifierKey): Buffer =>
  createHash('sha256').update(`${name}\n`).update(ED25519).update(publicKey).digest().subarray(0, ID_BYTES)

/** Writes a verifier key: `<name>+<key id>+<base64>`. */
export const formatVerifierKey = (key: VerifierKey): string =>
  `${key.name}+${keyIdOf(key).toString('hex')}+${Buffer.concat([ED25519, key.publicKey]).toString('base64')}`

/** Reads a verifier key. A single wrong character gives nothing: the id in its middle would not fit. */
export function parseVerifierKey(text: string): VerifierKey | undefined {
  const [, name = '', id, encoded = ''] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text.trim()) ?? []
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.length !== 1 + PUBLIC_KEY_BYTES || bytes[0] !== 1 || bytes.toString('base64') !== encoded) return undefined
  const key = { name, publicKey: bytes.subarray(1) }
  return keyIdOf(key).toString('hex') === id ? key : undefined
}

/** Signs a text that ends with a line feed. */
export function signNote(text: string, name: string, key: SigningKey): string {
  const signature = Buffer.concat([keyIdOf({ name, publicKey: key.publicKey }), key.sign(text)])
  return `${text}\n— ${name} ${signature.toString('base64')}\n`
}

/**
 * Splits a note into its text, which ends with a line feed, and the signature of a name.
 *
 * @returns nothing where it has not the form of a note, or no signature of this name
 */
export function splitNote(
  note: string,
  name: string,
): { readonly text: string; readonly signature: Buffer } | undefined {
  const at = note.lastIndexOf('\n\n')
  if (at < 0 || !note.endsWith('\n')) return undefined
  const line = note
    .slice(at + 2, -1)
    .split('\n')
    .find(each => each.startsWith(`— ${name} `))
  const encoded = line?.slice(`— ${name} `.length) ?? ''
  const signature = Buffer.from(encoded, 'base64')
  const isWhole = signature.length === ID_BYTES + SIGNATURE_BYTES && signature.toString('base64') === encoded
  return isWhole ? { text: note.slice(0, at + 1), signature } : undefined
}

/** Whether a note is signed by a key under its name. */
export function isNoteSignedBy(note: string, key: VerifierKey): boolean {
  const split = splitNote(note, key.name)
  if (split === undefined || !split.signature.subarray(0, ID_BYTES).equals(keyIdOf(key))) return false
  return isSignedBy(key.publicKey, split.text, split.signature.subarray(ID_BYTES))
}
