import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

/** A server that reads requests and answers each with bytes of the test's choice. */
export interface ByteServer {
  readonly url: string
  /** Requests that the server has read to their end, as text. */
  readonly requests: readonly string[]
  close(): Promise<void>
}

/** An answer: bytes, and whether the server then keeps, ends or resets the connection; default `keep`. */
export interface Bytes {
  readonly bytes: Uint8Array | string
  readonly after?: 'keep' | 'end' | 'reset'
}

/**
 * Starts a byte server on the loopback address.
 *
 * @param answer gives the answer to the n-th request, from 0
 */
export async function startByteServer(answer: (n: number, request: string) => Bytes): Promise<ByteServer> {
  const sockets = new Set<Socket>()
  const requests: string[] = []
  const server = createServer(socket => {
    sockets.add(socket)
    let text = ''
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      if (!isComplete(text)) return
      requests.push(text)
      const { bytes, after = 'keep' } = answer(requests.length - 1, text)
      text = ''
      socket.write(bytes, () => {
        if (after === 'end') socket.end()
        if (after === 'reset') socket.resetAndDestroy()
      })
    })
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no address')
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Makes an HTTP answer around a body. Its `Content-Length` is the true one, the given one, or left out for `none`. */
export function httpAnswer(
  body: Uint8Array,
  { status = 200, headers = [], length = body.length }: HttpAnswerOptions = {},
): Uint8Array {
  const lines = [`HTTP/1.1 ${status} Answer`, ...(length === 'none' ? [] : [`Content-Length: ${length}`]), ...headers]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body])
}

interface HttpAnswerOptions {
  readonly status?: number
  readonly headers?: readonly string[]
  readonly length?: number | 'none'
}

function isComplete(text: string): boolean {
  const head = text.indexOf('\r\n\r\n')
  const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
  return head >= 0 && text.length >= head + 4 + length
}
