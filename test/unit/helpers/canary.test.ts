import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { CanarySearch, canary } from '../../helpers/receipts/canary.ts'

const search = new CanarySearch(['one'])
const bytes = (text: string): Buffer => Buffer.from(text)
const account = canary('one')

describe('the search for canaries', () => {
  it.each([
    ['plain', `{"account":"${account}"}`],
    ['cut short', account.slice(0, 14)],
    ['in a URL', `/v4?user=${encodeURIComponent(account)}`],
    ['as hex', bytes(`x${account}`).toString('hex').toUpperCase()],
    ['as base64', bytes(account).toString('base64')],
    ['as base64 behind one byte', bytes(`x${account}y`).toString('base64')],
    ['as base64url behind two bytes', bytes(`xy${account}`).toString('base64url')],
    ['as UTF-16', Buffer.from(account, 'utf16le')],
    ['as a digest', createHash('sha256').update(account).digest('hex')],
    ['escaped in JSON', JSON.stringify(account).replace('@', '\\u0040')],
  ])('finds one that is %s', (_, content) => {
    expect(search.find('here', content).length).toBeGreaterThan(0)
  })

  it('finds nothing else', () => {
    expect(search.find('here', 'a canary in a cage, canary@zq7, Canary%40')).toEqual([])
  })
})
