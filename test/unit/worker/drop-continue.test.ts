import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dropContinue } from '../../../worker/vendor/drop-continue.ts'

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Gives chunks to a socket, as the network does, and returns what its reader gets. */
function received(...chunks: readonly string[]): string {
  const passed: Buffer[] = []
  const socket = { push: (chunk: Buffer) => passed.push(chunk) > 0 }
  dropContinue(socket)
  for (const chunk of chunks) socket.push(Buffer.from(chunk, 'latin1'))
  return Buffer.concat(passed).toString('latin1')
}

const aContinue = fc.constantFrom(
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.0 100 \r\nVia: 1.1 proxy\r\n\r\n',
  'HTTP/1.1 100\r\n\r\n',
)

describe('the bytes of a server', () => {
  it('lose every 100 Continue before an answer, and nothing else', () => {
    const property = fc.property(fc.array(aContinue), fc.nat(ANSWER.length), (before, cut) => {
      expect(received(before.join('') + ANSWER.slice(0, cut), ANSWER.slice(cut))).toBe(ANSWER)
    })
    fc.assert(property)
  })

  it('lose it also where the network cuts it into two or three', () => {
    const property = fc.property(aContinue, fc.nat(50), fc.nat(50), (first, one, other) => {
      const [from, to] = [Math.min(one, other) + 'HTTP/1.1 100 '.length, Math.max(one, other) + 'HTTP/1.1 100 '.length]
      const bytes = first + ANSWER
      expect(received(bytes.slice(0, from), bytes.slice(from, to), bytes.slice(to))).toBe(ANSWER)
    })
    fc.assert(property)
  })

  it('pass as they are where a head does not end', () => {
    const endless = `HTTP/1.1 100 ${'x'.repeat(20_000)}`
    expect(received(endless, 'y')).toBe(`${endless}y`)
  })
})
