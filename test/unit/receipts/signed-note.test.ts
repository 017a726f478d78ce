import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pemOf, publicKeyFromPem, signingKeyOf } from '../../../jobs/receipts/keys/ed25519.ts'
import { parseHead, signHead } from '../../../jobs/receipts/log/head.ts'
import { EMPTY_ROOT } from '../../../jobs/receipts/log/merkle.ts'
import { formatVerifierKey, isNoteSignedBy, parseVerifierKey } from '../../../jobs/receipts/log/signed-note.ts'

const key = signingKeyOf(Buffer.alloc(32, 7))
const other = signingKeyOf(Buffer.alloc(32, 8))
const origin = 'clear-friends/1400000000/AbCdEfGhIjk'
const head = { origin, size: 42, root: EMPTY_ROOT, time: Date.parse('2026-11-27T13:00:00Z') }
const note = signHead(head, key)

describe('a verifier key', () => {
  it('is read as it is written, and from PEM', () => {
    const text = formatVerifierKey({ name: origin, publicKey: key.publicKey })
    expect(text).toMatch(/^clear-friends\/1400000000\/AbCdEfGhIjk\+[0-9a-f]{8}\+A[A-Za-z0-9+/]{43}$/)
    expect(parseVerifierKey(text)).toEqual({ name: origin, publicKey: key.publicKey })
    expect(publicKeyFromPem(pemOf(key.publicKey))).toEqual(key.publicKey)
  })

  it('with one wrong letter is none', () => {
    const text = formatVerifierKey({ name: origin, publicKey: key.publicKey })
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('x', 'A', '0', '/', '+', ' '), (at, letter) => {
        const typo = text.slice(0, at) + letter + text.slice(at + 1)
        if (typo !== text) expect(parseVerifierKey(typo)).toBeUndefined()
      }),
    )
  })
})

describe('a signed head', () => {
  it('has the form of a C2SP checkpoint, and is read as it was written', () => {
    expect(note.split('\n').slice(0, 5)).toEqual([
      ...[origin, '42', EMPTY_ROOT.toString('base64'), 'time 2026-11-27T13:00:00Z', ''],
    ])
    expect(note.split('\n')[5]).toMatch(/^— clear-friends\/1400000000\/AbCdEfGhIjk [A-Za-z0-9+/]{91}=$/)
    expect(parseHead(note)).toEqual(head)
    expect(isNoteSignedBy(note, { name: origin, publicKey: key.publicKey })).toBe(true)
  })

  it('is not signed by another key, nor under another name', () => {
    expect(isNoteSignedBy(note, { name: origin, publicKey: other.publicKey })).toBe(false)
    expect(isNoteSignedBy(note, { name: `${origin}x`, publicKey: key.publicKey })).toBe(false)
  })

  it('holds no longer when any letter is changed', () => {
    fc.assert(
      fc.property(fc.nat(note.length - 1), fc.constantFrom('x', '1', '\n', '—', '='), (at, letter) => {
        const changed = note.slice(0, at) + letter + note.slice(at + 1)
        const isSame = changed === note || parseHead(changed)?.root.equals(head.root) === false
        if (!isSame) expect(isNoteSignedBy(changed, { name: origin, publicKey: key.publicKey })).toBe(false)
      }),
    )
  })
})
