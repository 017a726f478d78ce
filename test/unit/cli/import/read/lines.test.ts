import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LINE_MAX_BYTES, splitLines } from '../../../../../cli/import/read/lines.ts'
import { all, cut, inPieces, places } from './bytes.ts'

const texts = async (...pieces: (string | Buffer)[]): Promise<(string | null)[]> =>
  (await all(splitLines(inPieces(...pieces)))).map(line => line.text)

describe('the lines of a file', () => {
  it.each([
    ['nothing at all', '', []],
    ['one line without an end', 'a', ['a']],
    ['one line', 'a\n', ['a']],
    ['several lines', 'a\nb\nc\n', ['a', 'b', 'c']],
    ['no end at the end', 'a\nb', ['a', 'b']],
    ['ends of Windows', 'a\r\nb\r\n', ['a', 'b']],
    ['both ends mixed', 'a\r\nb\nc\r\n', ['a', 'b', 'c']],
    ['empty lines, which count', '\n\na\n\n', ['', '', 'a', '']],
    ['a carriage return that ends no line', 'a\rb\n', ['a\rb']],
    ['two carriage returns, of which one belongs to the line', 'a\r\r\n', ['a\r']],
    ['a carriage return at the very end', 'a\r', ['a']],
    ['spaces, which belong to the line', '  a \n', ['  a ']],
    ['a byte-order mark at the start', '\uFEFFa\nb\n', ['a', 'b']],
    ['nothing but a byte-order mark', '\uFEFF', ['']],
    ['a byte-order mark later on, which belongs to the line', 'a\n\uFEFFb\n', ['a', '\uFEFFb']],
    ['letters of many bytes', '用户\n🦊\n', ['用户', '🦊']],
  ])('with %s', async (_, content, expected) => {
    expect(await texts(content)).toEqual(expected)
  })

  it('are numbered from 1', async () => {
    expect((await all(splitLines(inPieces('a\n\nb')))).map(line => line.number)).toEqual([1, 2, 3])
  })

  it('tell whether a line break ends them, since a last one without may be cut off', async () => {
    const ends = async (text: string) => (await all(splitLines(inPieces(text)))).map(line => line.isEnded)
    expect(await ends('a\nb')).toEqual([true, false])
    expect(await ends('a\r\nb\r')).toEqual([true, false])
    expect(await ends('a\n\n')).toEqual([true, true])
  })

  it('are the same wherever the pieces of the file end', async () => {
    const line = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.constantFrom('\uFEFFa', '🦊\r', '', '\r'))
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 10 }),
        fc.constantFrom('\n', '\r\n'),
        places,
        async (lines, end, at) => {
          const bytes = Buffer.from(lines.join(end).replaceAll('\0', '0'))
          expect(await all(splitLines(inPieces(...cut(bytes, at))))).toEqual(await all(splitLines(inPieces(bytes))))
        },
      ),
    )
  })

  it('come back as they were written', async () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 20 }).filter(text => !/[\r\n\0\uFEFF]/.test(text))
    await fc.assert(
      fc.asyncProperty(fc.array(line), places, async (lines, at) => {
        const bytes = Buffer.from(lines.map(text => `${text}\n`).join(''))
        expect(await texts(...cut(bytes, at))).toEqual(lines)
      }),
    )
  })
})

describe('a line that is none', () => {
  const tooLong = 'the line is longer than 65536 bytes'

  it.each([
    ['in one piece', [`a\n${'x'.repeat(LINE_MAX_BYTES + 1)}\nb\n`]],
    ['in many pieces', ['a\n', ...Array.from({ length: 9 }, () => 'x'.repeat(10_000)), '\nb\n']],
    [
      'that goes on and on after it was too long',
      ['a\n', ...Array.from({ length: 40 }, () => 'x'.repeat(10_000)), '\nb\n'],
    ],
  ])('since it is too long, %s, costs no other line', async (_, pieces) => {
    expect(await all(splitLines(inPieces(...pieces)))).toEqual([
      { number: 1, text: 'a', fault: '', isEnded: true },
      { number: 2, text: null, fault: tooLong, isEnded: true },
      { number: 3, text: 'b', fault: '', isEnded: true },
    ])
  })

  it('since it is too long is reported at the end of the file too', async () => {
    expect(await all(splitLines(inPieces('x'.repeat(LINE_MAX_BYTES), 'x')))).toEqual([
      { number: 1, text: null, fault: tooLong, isEnded: false },
    ])
    expect(await all(splitLines(inPieces('x'.repeat(LINE_MAX_BYTES))))).toMatchObject([{ number: 1, fault: '' }])
  })

  it('since it is no UTF-8 costs no other line', async () => {
    const latin1 = Buffer.from('a\nJos\xe9\nb\n', 'latin1')
    expect(await all(splitLines(inPieces(latin1)))).toEqual([
      { number: 1, text: 'a', fault: '', isEnded: true },
      { number: 2, text: null, fault: 'the line is not valid UTF-8', isEnded: true },
      { number: 3, text: 'b', fault: '', isEnded: true },
    ])
  })

  it('since a letter breaks off at the end of the file is reported', async () => {
    expect(await all(splitLines(inPieces(Buffer.from('用').subarray(0, 2))))).toMatchObject([
      { number: 1, text: null, fault: 'the line is not valid UTF-8' },
    ])
  })
})

describe('a binary file', () => {
  it.each([
    ['a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d])],
    ['a text in UTF-16', Buffer.from('user_1\nuser_2\n', 'utf16le')],
  ])('such as %s is refused before a line of it was used', async (_, bytes) => {
    const lines = splitLines(inPieces(bytes))
    await expect(lines.next()).rejects.toMatchObject({ code: 'INPUT_FORMAT' })
  })

  it('is known by its first piece; a NUL later on is a matter of its line', async () => {
    expect(await texts('a\n', 'b\0\n')).toEqual(['a', 'b\0'])
  })
})
