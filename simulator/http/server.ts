import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { COMMANDS, type Command } from '../calls/commands.ts'
import { readCall } from '../calls/read-call.ts'
import type { Parts } from '../parts.ts'
import { resetConnection, sendHttpError } from './deliver.ts'
import { type Exchange, note, perform, refuse } from './exchange.ts'
import { parseQuery, type Query } from './query.ts'

/** nginx, which stands in front of the vendor's API, turns away larger bodies by default. */
const MAX_BODY_BYTES = 1024 * 1024

const COMMAND_OF_PATH: ReadonlyMap<string, Command> = new Map(COMMANDS.map(command => [command.path, command]))

/** Answers a request to a path of the simulator's own. */
export type ControlHandler = (path: string, query: string, request: IncomingMessage, response: ServerResponse) => void

/** A listening server. */
export interface Listener {
  readonly port: number
  readonly openConnections: () => number
  readonly close: () => Promise<void>
}

/** Takes a request apart as far as its headers go; stamps it first of all. */
const createRequestHandler =
  (parts: Parts, control: ControlHandler | undefined) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    const at = parts.monotonic()
    const url = request.url ?? '/'
    const mark = url.indexOf('?')
    const path = mark < 0 ? url : url.slice(0, mark)
    const queryText = mark < 0 ? '' : url.slice(mark + 1)
    if (control !== undefined && (path === '/simulator' || path.startsWith('/simulator/'))) {
      control(path, queryText, request, response)
      return
    }
    receive(parts, { command: COMMAND_OF_PATH.get(path), request, response, at }, parseQuery(queryText))
  }

/** Decides all that can be decided before the body, so that ceilings see calls in the order of their arrival. */
function receive(parts: Parts, exchange: Exchange, query: Query | undefined): void {
  const { command, request, at } = exchange
  parts.counts.requests += 1
  if (command !== undefined) {
    parts.counts.noteArrival(command.name, at, parts.limits.ruleOf(command.name).perSecond)
    if (parts.faults.resetsUnread(command.name)) {
      note(parts, exchange, [], 'reset')
      resetConnection(request.socket)
      return
    }
  }
  if (query?.random !== undefined) parts.counts.randoms.note(Number(query.random))
  const code = gatewayCode(parts, exchange, query)
  readBody(request, text => {
    if (text === undefined) {
      note(parts, exchange, [], 'http_413')
      sendHttpError(exchange.response, 413)
      return
    }
    answer(parts, exchange, query, code, text)
  })
}

function gatewayCode(parts: Parts, { command, request, at }: Exchange, query: Query | undefined): number {
  if (command === undefined || request.method !== 'POST') return 60009
  if (query === undefined) return 60002
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
  const remoteAddress = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  return parts.gateway.check({ command, query, host, remoteAddress, at, now: parts.clock.now() })
}

/** The body is read even for a refused call, to know for the ledger whom it was about. */
function answer(parts: Parts, exchange: Exchange, _query: Query | undefined, code: number, text: string): void {
  const { command } = exchange
  if (command === undefined) {
    refuse(parts, exchange, [], code)
    return
  }
  const operation = readCall(command.name, text, parts.worldOf(command.name))
  if (code !== 0) refuse(parts, exchange, typeof operation === 'number' ? [] : operation.accounts, code)
  else if (typeof operation === 'number') refuse(parts, exchange, [], operation)
  else perform(parts, exchange, operation, command)
}

/** Collects a body and hands it on as text; `undefined` when it is too long. A caller who breaks off is forgotten. */
function readBody(request: IncomingMessage, done: (text: string | undefined) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
  })
  request.on('end', () => done(bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString('utf8')))
}

export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly keepAliveMs: number
  readonly tls: { readonly key: string; readonly cert: string } | undefined
}

/**
 * Listens. A plain TCP server takes every connection first, because a stalled one must not even reach the TLS
 * handshake; the others are handed to Node's HTTP server.
 */
export async function listen(
  parts: Parts,
  control: ControlHandler | undefined,
  options: ListenOptions,
): Promise<Listener> {
  const sockets = new Set<Socket>()
  const http = createInnerServer(parts, control, options)
  const front = createTcpServer({ allowHalfOpen: true, noDelay: true }, socket => {
    parts.counts.connections += 1
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    if (!parts.faults.stallsConnection()) http.emit('connection', socket)
  })
  await new Promise<void>((resolve, reject) => {
    front.once('error', reject)
    front.listen({ host: options.host, port: options.port, backlog: 1024 }, resolve)
  })
  const address = front.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    port: address.port,
    openConnections: () => sockets.size,
    close: () =>
      new Promise(resolve => {
        front.close(() => resolve())
        for (const socket of sockets) socket.destroy()
        // Never listening itself, the inner server has only its own timer to stop.
        http.close()
      }),
  }
}

function createInnerServer(parts: Parts, control: ControlHandler | undefined, options: ListenOptions): Server {
  const handler = createRequestHandler(parts, control)
  const server = options.tls === undefined ? createHttpServer(handler) : createHttpsServer(options.tls, handler)
  server.keepAliveTimeout = options.keepAliveMs
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nConnection: close\r\n\r\n')
    else socket.destroy()
  })
  return server
}
