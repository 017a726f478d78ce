import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import { COMMANDS, type Command } from '../calls/commands.ts'
import { readCall } from '../calls/read-call.ts'
import type { SimulatorOptions } from '../options.ts'
import type { Parts } from '../parts.ts'
import type { Steering } from '../steering.ts'
import { steerOverHttp } from './control.ts'
import { resetConnection, sendHttpError } from './deliver.ts'
import { type Exchange, note, perform, refuse } from './exchange.ts'
import { parseQuery, type Query } from './query.ts'
import { readBody } from './read-body.ts'

/** nginx, which stands in front of the vendor's API, turns away larger bodies by default. */
const MAX_BODY_BYTES = 1024 * 1024

const COMMAND_OF_PATH: ReadonlyMap<string, Command> = new Map(
  Object.values(COMMANDS).map(command => [command.path, command]),
)

/** Takes a request apart as far as its headers go; stamps it first of all. */
function receive(
  parts: Parts,
  steering: Steering | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const at = parts.monotonic()
  const [, path = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(request.url ?? '/') ?? []
  if (steering !== undefined && (path === '/simulator' || path.startsWith('/simulator/'))) {
    steerOverHttp(steering, request, response)
    return
  }
  receiveCall({ parts, command: COMMAND_OF_PATH.get(path), request, response, at, accounts: [] }, parseQuery(query))
}

/** Decides all that can be decided before the body, so that ceilings see calls in the order of their arrival. */
function receiveCall(exchange: Exchange, query: Query | undefined): void {
  const { parts, command, request, at } = exchange
  parts.counts.requests += 1
  if (command !== undefined) {
    parts.counts.arrivals[command.name].record(at, parts.limits.rules[command.name].perSecond)
    if (parts.faults.resetsUnread(command.name)) {
      note(exchange, 'reset')
      resetConnection(request.socket)
      return
    }
  }
  if (query?.random !== undefined) parts.counts.randoms.note(Number(query.random))
  const code = gatewayCode(exchange, query)
  readBody(request, MAX_BODY_BYTES, text => {
    if (text !== undefined) {
      answer(exchange, code, text)
      return
    }
    note(exchange, 'http_413')
    sendHttpError(exchange.response, 413)
  })
}

function gatewayCode({ parts, command, request, at }: Exchange, query: Query | undefined): number {
  if (command === undefined || request.method !== 'POST') return 60009
  if (query === undefined) return 60002
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
  const remoteAddress = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  return parts.gateway.check({ command, query, host, remoteAddress, at, now: parts.clock.now() })
}

/** The body is read even for a refused call, to know for the ledger whom it was about. */
function answer(exchange: Exchange, code: number, text: string): void {
  const { parts, command } = exchange
  if (command === undefined) {
    refuse(exchange, code)
    return
  }
  const operation = readCall(command.name, text, parts)
  if (typeof operation === 'number') {
    refuse(exchange, code === 0 ? operation : code)
    return
  }
  const understood = { ...exchange, accounts: operation.accounts }
  if (code === 0) perform(understood, operation, command)
  else refuse(understood, code)
}

/**
 * Listens. A plain TCP server takes every connection first, because a stalled one must not even reach the TLS
 * handshake; the others are handed to Node's HTTP server.
 */
export async function listen(parts: Parts, steering: Steering | undefined, options: SimulatorOptions) {
  const { sockets } = parts
  const http = createInnerServer(parts, steering, options)
  const front = createTcpServer({ allowHalfOpen: true, noDelay: true }, socket => {
    parts.counts.connections += 1
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    if (!parts.faults.stallsConnection()) http.emit('connection', socket)
  })
  front.listen({ host: options.host ?? '127.0.0.1', port: options.port ?? 0, backlog: 1024 })
  await once(front, 'listening')
  const address = front.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    port: address.port,
    /** Destroys all connections and waits until no more can come. */
    close: async (): Promise<void> => {
      front.close()
      for (const socket of sockets) socket.destroy()
      // Never listening itself, the inner server has only its own timer to stop.
      http.close()
      await once(front, 'close')
    },
  }
}

function createInnerServer(parts: Parts, steering: Steering | undefined, options: SimulatorOptions): Server {
  const { tls, keepAliveMs = 75_000 } = options
  const handler = (request: IncomingMessage, response: ServerResponse): void =>
    receive(parts, steering, request, response)
  const server = tls === undefined ? createHttpServer(handler) : createHttpsServer(tls, handler)
  server.keepAliveTimeout = keepAliveMs
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nConnection: close\r\n\r\n')
    else socket.destroy()
  })
  return server
}
