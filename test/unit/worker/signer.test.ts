import { createHmac } from 'node:crypto'
import { inflateSync } from 'node:zlib'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { Signer } from '../../../worker/vendor/signer.ts'

const KEY = '5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e'
const tokenSchema = z.object({
  'TLS.identifier': z.string(),
  'TLS.sdkappid': z.number(),
  'TLS.time': z.number(),
  'TLS.expire': z.number(),
  'TLS.sig': z.string(),
})

const decode = (signature: string): z.infer<typeof tokenSchema> => {
  const base64 = signature.replaceAll('*', '+').replaceAll('-', '/').replaceAll('_', '=')
  return tokenSchema.parse(JSON.parse(inflateSync(Buffer.from(base64, 'base64')).toString()))
}

function makeSigner(key = KEY): { signer: Signer; clock: { now: number }; rotate: (next: string) => void } {
  const clock = { now: 1_700_000_000_000 }
  let current = key
  let next = key
  const signer = new Signer({
    sdkAppId: 1_400_000_000,
    admin: 'administrator',
    key: () => current,
    reloadKey: () => {
      const changed = next !== current
      current = next
      return changed
    },
    clock: { epochMs: () => clock.now, monotonicMs: () => clock.now },
  })
  const rotate = (to: string): void => {
    next = to
  }
  return { signer, clock, rotate }
}

afterEach(() => vi.useRealTimers())

describe('Signer', () => {
  it('signs as the vendor’s golden vector says', () => {
    vi.useFakeTimers({ now: 1_700_000_000_000 })
    const token = decode(makeSigner().signer.signature())
    expect(token).toMatchObject({ 'TLS.identifier': 'administrator', 'TLS.time': 1_700_000_000, 'TLS.expire': 86_400 })
    expect(token['TLS.sig']).toBe('yLAe+w7WUeUuqbV9h/TX78u21oTGi+i9Zp1u3PpnY60=')
  })

  it('reuses a signature for half its life and then makes another', () => {
    vi.useFakeTimers({ now: 1_700_000_000_000 })
    const { signer, clock } = makeSigner()
    const first = signer.signature()
    clock.now += 43_200_000
    expect(signer.signature()).toBe(first)
    clock.now += 1
    vi.setSystemTime(clock.now)
    expect(signer.signature()).not.toBe(first)
    expect(signer.expiresAt()).toBe(Math.floor(clock.now / 1000) + 86_400)
  })

  it('takes up a rotated key, and only a rotated one', () => {
    const { signer, rotate } = makeSigner()
    signer.signature()
    expect(signer.refused(signer.generation, false)).toBe(false)
    rotate('another-key')
    expect(signer.refused(signer.generation, false)).toBe(true)
    const token = decode(signer.signature())
    const text = `TLS.identifier:administrator\nTLS.sdkappid:1400000000\nTLS.time:${token['TLS.time']}\nTLS.expire:86400\n`
    expect(token['TLS.sig']).toBe(createHmac('sha256', 'another-key').update(text).digest('base64'))
  })

  it('signs anew once for a refusal, and again only after the vendor has accepted the new signature', () => {
    const { signer } = makeSigner()
    signer.signature()
    const old = signer.generation
    expect(signer.refused(old, true)).toBe(true)
    const onTrial = signer.generation
    expect(onTrial).toBeGreaterThan(old)
    expect(signer.refused(old, true)).toBe(true)
    expect(signer.refused(onTrial, true)).toBe(false)
    signer.accepted(old)
    expect(signer.refused(onTrial, true)).toBe(false)
    signer.accepted(onTrial)
    expect(signer.refused(onTrial, true)).toBe(true)
    expect(signer.generation).toBeGreaterThan(onTrial)
  })
})
