import type { Readable } from 'node:stream'

/** As much as tells a `100 Continue` from an answer. */
const START = /^HTTP\/1\.[01] 100[ \r]/
const START_LENGTH = 13
const WHOLE = /^HTTP\/1\.[01] 100(?=[ \r]).*?\r\n\r\n/s
/** A head that is longer belongs to no server; it goes to the parser, which refuses it. */
const LONGEST_HEAD = 16 * 1024

/**
 * Takes `100 Continue` out of what a server sends. A server or a proxy may send it although nobody asked for it
 * (RFC 9110, section 15.2), and undici, which never asks, ends the connection at it: a call that was carried out would
 * count as one without an answer.
 *
 * An answer begins with a chunk, because we send one request at a time. Where the network cuts a chunk within its first
 * 13 bytes, undici ends the connection as before.
 */
export function dropContinue(socket: Pick<Readable, 'push'>): void {
  const pass = socket.push.bind(socket)
  let held = ''
  socket.push = chunk => {
    if (!Buffer.isBuffer(chunk)) return pass(chunk)
    if (held === '' && !START.test(chunk.toString('latin1', 0, START_LENGTH))) return pass(chunk)
    const text = held + chunk.toString('latin1')
    const rest = withoutContinues(text)
    const isHeadOpen = START.test(rest) && rest.length < LONGEST_HEAD
    held = isHeadOpen ? rest : ''
    return isHeadOpen || rest === '' || pass(Buffer.from(rest, 'latin1'))
  }
}

function withoutContinues(text: string): string {
  let rest = text
  for (let head = WHOLE.exec(rest); head !== null; head = WHOLE.exec(rest)) rest = rest.slice(head[0].length)
  return rest
}
