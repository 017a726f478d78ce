import { isSignedBy } from '../keys/ed25519.ts'
import { type LogEntry, toSignedText } from './entry.ts'
import type { BodyOf } from './entry-body.ts'
import { type LogIdentity, originOf } from './origin.ts'

/** Gives the text with which a new key says that it follows the old one. Keys are raw, in base64. */
export const keyChangeText = ({ from, to }: { readonly from: string; readonly to: string }, log: LogIdentity): string =>
  `clear-friends/key-change/v2\n${originOf(log)}\n${from}\n${to}\n`

/** Whether the new key has signed that it follows the old one. */
export const isProvedByNewKey = (says: BodyOf<'key'>, identity: LogIdentity): boolean =>
  isSignedBy(Buffer.from(says.to, 'base64'), keyChangeText(says, identity), Buffer.from(says.proof, 'base64url'))

/** Gives by which entry one key follows another; nothing where it is no such entry, or one of the two has not signed. */
export function keyChangeIn(entry: LogEntry | undefined, identity: LogIdentity): BodyOf<'key'> | undefined {
  if (entry?.kind !== 'key' || !isProvedByNewKey(entry.says, identity)) return undefined
  const old = Buffer.from(entry.says.from, 'base64')
  const isSigned = isSignedBy(old, toSignedText(entry, identity), Buffer.from(entry.signature, 'base64url'))
  return isSigned ? entry.says : undefined
}
