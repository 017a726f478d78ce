import { createHmac, timingSafeEqual } from 'node:crypto'
import { inflateSync } from 'node:zlib'
import { z } from 'zod'

/** A real signature inflates to about 200 bytes; the cap keeps a hostile one from filling the memory. */
const MAX_INFLATED_BYTES = 4096
const MAX_TOKEN_LENGTH = 8192

const userSigSchema = z
  .object({
    'TLS.ver': z.literal('2.0'),
    'TLS.identifier': z.string(),
    'TLS.sdkappid': z.number(),
    'TLS.expire': z.number(),
    'TLS.time': z.number(),
    'TLS.sig': z.string(),
    'TLS.userbuf': z.string().optional(),
  })
  .transform(document => ({
    identifier: document['TLS.identifier'],
    sdkAppId: document['TLS.sdkappid'],
    /** Unix seconds. */
    issuedAt: document['TLS.time'],
    /** Lifetime in seconds. */
    expireSeconds: document['TLS.expire'],
    signature: document['TLS.sig'],
    userBuf: document['TLS.userbuf'],
  }))

/** The content of a UserSig, before anybody checked whether it is true. */
export type UserSig = Readonly<z.output<typeof userSigSchema>>

/**
 * Takes a UserSig apart: the vendor's own base64 letters, a zlib stream of any level, JSON with or without a newline
 * behind it. Answers `undefined` for everything that is not one, and for one that inflates beyond 4 KB.
 * Source: tls-sig-api-v2 in Node, Go, Python, Java, PHP and C++, page 1047/34385.
 */
export function decodeUserSig(token: string): UserSig | undefined {
  if (token.length > MAX_TOKEN_LENGTH || token.length % 4 !== 0 || !/^[A-Za-z0-9*-]+_{0,2}$/.test(token))
    return undefined
  const base64 = token.replaceAll('*', '+').replaceAll('-', '/').replaceAll('_', '=')
  try {
    const text = inflateSync(Buffer.from(base64, 'base64'), { maxOutputLength: MAX_INFLATED_BYTES }).toString('utf8')
    return userSigSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** Computes the signature a UserSig should carry: HMAC-SHA256 with the key's characters as they are, in base64. */
export function signatureOf(userSig: Omit<UserSig, 'signature'>, key: string): string {
  const lines = [
    `TLS.identifier:${userSig.identifier}`,
    `TLS.sdkappid:${userSig.sdkAppId}`,
    `TLS.time:${userSig.issuedAt}`,
    `TLS.expire:${userSig.expireSeconds}`,
  ]
  if (userSig.userBuf !== undefined) lines.push(`TLS.userbuf:${userSig.userBuf}`)
  return createHmac('sha256', key)
    .update(`${lines.join('\n')}\n`)
    .digest('base64')
}

/** Tells whether a UserSig was made with this key. */
export function isSignedWith(userSig: UserSig, key: string): boolean {
  const expected = Buffer.from(signatureOf(userSig, key))
  const given = Buffer.from(userSig.signature)
  return expected.length === given.length && timingSafeEqual(expected, given)
}
