import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeUserSig, isSignedWith, signatureOf } from '../../../simulator/gateway/user-sig.ts'
import { pack, SAMPLE_KEY, sign } from './caller.ts'

/** From section 11 of the contract: made with the vendor's library and a frozen clock, checked with another HMAC. */
const GOLDEN = [
  {
    sdkAppId: 1_400_000_000,
    identifier: 'administrator',
    issuedAt: 1_700_000_000,
    expireSeconds: 86_400,
    signature: 'yLAe+w7WUeUuqbV9h/TX78u21oTGi+i9Zp1u3PpnY60=',
  },
  {
    sdkAppId: 1_400_000_000,
    identifier: 'xiaojun',
    issuedAt: 1_700_000_000,
    expireSeconds: 15_552_000,
    signature: 'LvA7d/Iw7gSsnskvVzBDPOCCDbuNCw4GHwTC0bip+B4=',
  },
  {
    sdkAppId: 88_888_888,
    identifier: 'admin',
    issuedAt: 1_735_689_600,
    expireSeconds: 5_184_000,
    signature: 'khlKbRXHKJQX4/JVKpU5qRiDcXYKDKrFa3s+lH4RPQo=',
  },
] as const

const GOLDEN_TOKEN =
  'eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwokpuZl5mcUlRYkl*UVQBcUp2YkFBZkpSlaGJgZQAJEpycxNVbIyNEcVTa0oyCxKVbKyMDOBCRVnpitZKVX6OKZql5uHh6aGlhYmhVlm6IdEmFuUGhnmh7hnamdaRhUYlhoHFORFmhnYKtUCAK0SM5I_'

const people = fc.record({
  sdkAppId: fc.integer({ min: 1, max: 2_000_000_000 }),
  identifier: fc.string({ minLength: 1, maxLength: 32, unit: 'grapheme-ascii' }),
  issuedAt: fc.integer({ min: 1_500_000_000, max: 2_500_000_000 }),
  expireSeconds: fc.integer({ min: 1, max: 1_576_800_000 }),
})

describe('reading a UserSig', () => {
  test.each(GOLDEN)('computes the golden signature of $identifier in app $sdkAppId', ({ signature, ...rest }) => {
    expect(signatureOf({ ...rest, userBuf: undefined }, SAMPLE_KEY)).toBe(signature)
  })

  test('reads the golden token as Node 20 printed it', () => {
    const { signature, ...rest } = GOLDEN[0]
    expect(decodeUserSig(GOLDEN_TOKEN)).toEqual({ ...rest, signature, userBuf: undefined })
  })

  test('reads back whatever was signed, at any compression level, with or without a newline behind the JSON', () => {
    fc.assert(
      fc.property(
        people,
        fc.integer({ min: 0, max: 9 }),
        fc.constantFrom('', '\n', '\r\n'),
        (person, level, trailer) => {
          const userSig = decodeUserSig(sign({ ...person, level, trailer }))
          expect(userSig).toMatchObject(person)
          expect(userSig !== undefined && isSignedWith(userSig, SAMPLE_KEY)).toBe(true)
          expect(userSig !== undefined && isSignedWith(userSig, SAMPLE_KEY.replace('5', '6'))).toBe(false)
        },
      ),
    )
  })

  test('accepts what the vendor’s own library for Node signs', () => {
    const { Api } = createRequire(import.meta.url)('tls-sig-api-v2')
    fc.assert(
      fc.property(people, ({ sdkAppId, identifier, expireSeconds }) => {
        const userSig = decodeUserSig(new Api(sdkAppId, SAMPLE_KEY).genUserSig(identifier, expireSeconds))
        expect(userSig).toMatchObject({ sdkAppId, identifier, expireSeconds })
        expect(userSig !== undefined && isSignedWith(userSig, SAMPLE_KEY)).toBe(true)
      }),
    )
  })

  test('does not accept a signature whose fields were changed afterwards', () => {
    fc.assert(
      fc.property(people, people, (signed, claimed) => {
        fc.pre(JSON.stringify(signed) !== JSON.stringify(claimed))
        const original = decodeUserSig(sign(signed))
        expect(original).toBeDefined()
        const forged = { ...claimed, signature: original?.signature ?? '', userBuf: undefined }
        expect(isSignedWith(forged, SAMPLE_KEY)).toBe(false)
      }),
    )
  })

  test('includes a userbuf in the signed text when there is one', () => {
    const { signature: _, ...rest } = GOLDEN[0]
    const withBuf = signatureOf({ ...rest, userBuf: 'YWJj' }, SAMPLE_KEY)
    expect(withBuf).not.toBe(GOLDEN[0].signature)
    const text = JSON.stringify({
      'TLS.ver': '2.0',
      'TLS.identifier': rest.identifier,
      'TLS.sdkappid': rest.sdkAppId,
      'TLS.expire': rest.expireSeconds,
      'TLS.time': rest.issuedAt,
      'TLS.sig': withBuf,
      'TLS.userbuf': 'YWJj',
    })
    const userSig = decodeUserSig(pack(text))
    expect(userSig !== undefined && isSignedWith(userSig, SAMPLE_KEY)).toBe(true)
  })

  test.each([
    ['nothing', ''],
    ['plain words', 'this is no signature'],
    ['letters of standard base64', GOLDEN_TOKEN.replaceAll('*', '+').replaceAll('_', '=')],
    ['a token cut short', GOLDEN_TOKEN.slice(0, 100)],
    ['a token with its end cut off, padded again', `${GOLDEN_TOKEN.slice(0, 97)}___`],
    ['something compressed that is no JSON', pack('hello')],
    ['JSON that is no object', pack('42')],
    ['a version of its own', pack(JSON.stringify({ 'TLS.ver': '1.0' }))],
    [
      'an app id in quotes',
      pack('{"TLS.ver":"2.0","TLS.identifier":"a","TLS.sdkappid":"1","TLS.expire":1,"TLS.time":1,"TLS.sig":"x"}'),
    ],
    ['10 MB of spaces, compressed to a few KB', pack(`${' '.repeat(10_000_000)}{}`)],
    ['a megabyte of letters', 'A'.repeat(1_000_000)],
  ])('takes %s for no UserSig', (_, token) => {
    expect(decodeUserSig(token)).toBeUndefined()
  })

  test('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String().map(text => text.replaceAll('=', '_')),
        ),
        text => {
          decodeUserSig(text)
        },
      ),
    )
  })
})
