import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseReceiptKey } from '../../../config/receipt-key.ts'
import { createReceiptSeals } from '../../../jobs/receipts/keys/receipt-seals.ts'
import { receiptKeyOf } from '../../helpers/receipts/settling.ts'

describe('a receipt key', () => {
  it('is 32 or more random bytes as hex, base64 or base64url', () => {
    for (let i = 0; i < 2000; i++) {
      const bytes = randomBytes(32 + (i % 3) * 16)
      for (const form of ['hex', 'base64', 'base64url'] as const) {
        expect(parseReceiptKey(bytes.toString(form))).toEqual(bytes)
      }
    }
  })

  it.each([
    ['too short', 'ab'.repeat(31)],
    ['of one letter', 'a'.repeat(64)],
    ['one part again and again', '0123456789abcdef'.repeat(4)],
    ['counted up', Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('hex')],
    ['a text', Buffer.from('this is what somebody has typed in').toString('hex')],
    ['the former example of docker-compose.yml', 'not-a-secret-not-a-secret-not-a-secret'],
    ['words', 'changeme'.repeat(8)],
    ['hex with a typing error', `${receiptKeyOf('typing').slice(0, -1)}x`],
    ['with a space', ` ${receiptKeyOf('space')}`],
    ['empty', ''],
  ])('that is %s is refused', (_what, text) => {
    expect(parseReceiptKey(text)).toBeUndefined()
    expect(() => createReceiptSeals(text)).toThrow('receipts new-key')
  })

  it('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), text => void parseReceiptKey(text)))
  })

  it('gives keys that differ from each other and from those of another', () => {
    const [one, other] = [createReceiptSeals(receiptKeyOf('one')), createReceiptSeals(receiptKeyOf('other'))]
    expect(one.keyId).not.toBe(other.keyId)
    expect(one.signing.publicKey).not.toEqual(other.signing.publicKey)
    expect(one.pseudonymOf('user_1')).not.toBe(other.pseudonymOf('user_1'))
    expect(one.codeOf('mark', ['a'])).not.toBe(one.codeOf('state', ['a']))
    expect(one.codeOf('mark', ['a', 'b'])).not.toBe(one.codeOf('mark', ['ab', '']))
  })

  it('passes its pseudonyms on to the next key, and over two changes', () => {
    const [first, second, third] = ['first', 'second', 'third'].map(name => createReceiptSeals(receiptKeyOf(name)))
    if (first === undefined || second === undefined || third === undefined) throw new Error('three keys')
    const toSecond = first.passOnTo(second, undefined)
    expect(second.formerPseudonyms(toSecond).map(make => make('user_1'))).toEqual([first.pseudonymOf('user_1')])
    const toThird = second.passOnTo(third, toSecond)
    const expected = [second.pseudonymOf('user_1'), first.pseudonymOf('user_1')]
    expect(third.formerPseudonyms(toThird).map(make => make('user_1'))).toEqual(expected)
    expect(first.formerPseudonyms(toThird)).toEqual([])
  })
})
