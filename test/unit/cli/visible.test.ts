import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { visible } from '../../../cli/visible.ts'

describe('a line for a terminal', () => {
  it.each([
    ['an escape sequence', '\x1b]0;owned\x07', '\\u001b]0;owned\\u0007'],
    ['a line break, which would forge a line', 'a\r\nb', 'a\\u000d\\u000ab'],
    ['DEL and the one-byte start of a sequence', '\x7f\x9b2J', '\\u007f\\u009b2J'],
    ['a change of direction', 'a\u202eb\u2066c\u200f', 'a\\u202eb\\u2066c\\u200f'],
    ['separators of lines and paragraphs', 'a\u2028b\u2029', 'a\\u2028b\\u2029'],
  ])('shows %s', (_, line, shown) => {
    expect(visible(line)).toBe(shown)
  })

  it('passes text of any language as it is', () => {
    const line = 'Änne 王小明 👩‍👩‍👧 “quoted” ½ שלום'
    expect(visible(line)).toBe(line)
  })

  it('holds the same value where it is JSON', () => {
    const strange = fc.string({ unit: fc.constantFrom('a', '\x1b', '\x9b', '\u202e', '\u2028', '\n', '\\', '"') })
    fc.assert(
      fc.property(fc.dictionary(strange, strange), value => {
        const line = visible(JSON.stringify(value))
        expect(JSON.parse(line)).toEqual(value)
        expect(line).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u)
      }),
    )
  })
})
