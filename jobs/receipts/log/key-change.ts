import { type LogIdentity, originOf } from './origin.ts'

/** Gives the text with which a new key says that it follows the old one. Keys are raw, in base64. */
export const keyChangeText = ({ from, to }: { readonly from: string; readonly to: string }, log: LogIdentity): string =>
  `clear-friends/key-change/v2\n${originOf(log)}\n${from}\n${to}\n`
