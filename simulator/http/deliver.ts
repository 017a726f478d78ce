import { type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Delivery } from '../faults/effect.ts'
import { type Envelope, toMalformed } from './envelope.ts'

/** Sends an answer in the given way; a `hang` sends nothing. */
export function send(response: ServerResponse, delivery: Delivery, envelope: Envelope): void {
  const { socket } = response.req
  switch (delivery.kind) {
    case 'answer':
      return sendBody(response, JSON.stringify(envelope))
    case 'answer_then_fin':
      response.once('finish', () => socket.end())
      return sendBody(response, JSON.stringify(envelope))
    case 'half_body':
      return sendHalf(response, JSON.stringify(envelope))
    case 'malformed':
      return sendBody(response, toMalformed(delivery.malformed, envelope))
    case 'http':
      return sendHttpError(response, delivery.status)
    case 'reset':
      return resetConnection(socket)
    case 'hang':
      return
  }
}

/** The vendor's sample answer has no Content-Type, so a client must read the body as JSON without being told. */
function headersOf(response: ServerResponse, length: number): OutgoingHttpHeaders {
  return {
    Server: 'nginx',
    'Content-Length': length,
    Connection: response.req.headers.connection === 'close' ? 'close' : 'keep-alive',
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Headers': 'X-Requested-With',
    'Access-Control-Allow-Methods': 'POST',
  }
}

/** Sends a body with status 200. */
function sendBody(response: ServerResponse, body: string | Buffer): void {
  response.writeHead(200, headersOf(response, Buffer.byteLength(body)))
  response.end(body)
}

/** Sends half of a body whose full length was announced, then ends the connection. */
function sendHalf(response: ServerResponse, body: string): void {
  const bytes = Buffer.from(body)
  response.writeHead(200, headersOf(response, bytes.length))
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.socket?.destroy())
}

/** Sends a status with a page of HTML, as a proxy or load balancer in front of the vendor would. */
export function sendHttpError(response: ServerResponse, status: number): void {
  const title = `${status} ${STATUS_CODES[status] ?? 'Error'}`
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`
  const location = status < 400 ? { Location: `https://${response.req.headers.host ?? 'localhost'}/` } : {}
  const headers = headersOf(response, Buffer.byteLength(body))
  response.writeHead(status, { ...headers, 'Content-Type': 'text/html', ...location })
  response.end(body)
}

/** Resets the connection, with RST where the socket allows it. */
export function resetConnection(socket: Socket): void {
  // A TLS socket has no descriptor of its own to reset; there the end without close_notify has to do.
  if ('encrypted' in socket) socket.destroy()
  else socket.resetAndDestroy()
}
