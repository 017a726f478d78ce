import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createReceiptSeals } from '../../../jobs/receipts/receipt-seals.ts'

const KEY = 'a made-up key of receipts, for tests'

describe('the seals of receipts', () => {
  it('call an account what any tool with the key calls it', () => {
    // printf %s user_4711 | openssl dgst -sha256 -hmac 'a made-up key of receipts, for tests' -binary | …
    const expected = createHmac('sha256', KEY).update('user_4711').digest('base64url')
    expect(createReceiptSeals(KEY).pseudonymOf('user_4711')).toBe(expected)
  })

  it('differ by use and by key for the same parts', () => {
    const [ours, theirs] = [createReceiptSeals(KEY), createReceiptSeals(`${KEY}!`)]
    const parts = ['same', 'parts']
    const seals = [ours, theirs].flatMap(each => [
      each.pseudonymOf(JSON.stringify(parts)),
      each.content(JSON.stringify(parts)),
      each.checkpoint(parts),
      each.line(parts),
      each.link(parts),
    ])
    expect(new Set(seals).size).toBe(10)
  })
})
