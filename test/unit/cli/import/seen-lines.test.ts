import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SeenLines } from '../../../../cli/import/seen-lines.ts'

describe('the memory of lines', () => {
  it('finds what was there before, and nothing else', () => {
    const account = fc.oneof(fc.constantFrom('a', 'b', 'a\nb', ''), fc.string({ maxLength: 4 }))
    fc.assert(
      fc.property(fc.array(account), accounts => {
        const seen = new SeenLines(500)
        const known = new Set<string>()
        for (const each of accounts) {
          expect(seen.add(each)).toBe(known.has(each))
          known.add(each)
        }
      }),
    )
  })

  it('takes an account with another delete type, due date or request for another line', () => {
    const seen = new SeenLines()
    expect(seen.add('user_1')).toBe(false)
    expect(seen.add({ account: 'user_1' })).toBe(true)
    expect(seen.add({ account: 'user_1', due: 1_900_000_000 })).toBe(false)
    expect(seen.add({ account: 'user_1', deleteType: 'single' })).toBe(false)
    expect(seen.add({ account: 'user_1', request: 'ticket-1' })).toBe(false)
    expect(seen.add({ account: 'user_1', request: 'ticket-1' })).toBe(true)
  })

  it('reaches back as far as it says, and forgets what is older than twice that', () => {
    const remembered = 1000
    const seen = new SeenLines(remembered)
    seen.add('first')
    for (let line = 1; line < remembered; line++) seen.add(`user_${line}`)
    expect(seen.add('first')).toBe(true)
    for (let line = 0; line < 2 * remembered; line++) expect(seen.add(`other_${line}`)).toBe(false)
    expect(seen.add('first')).toBe(false)
    for (let line = remembered + 1; line < 2 * remembered; line++) expect(seen.add(`other_${line}`)).toBe(true)
  })
})
