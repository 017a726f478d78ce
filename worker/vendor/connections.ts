import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { buildConnector, Client } from 'undici'
import { dropContinue } from './drop-continue.ts'

/** Address and time limit for {@link Connections}. */
export interface ConnectionsOptions {
  /** `https://host[:port]`, or http for a loopback address. */
  readonly origin: string
  readonly connectTimeoutMs: number
}

/** One open connection to the vendor, for one request at a time. */
export interface Connection {
  /** Whether a request can be sent right now, without a handshake. */
  isOpen(): boolean
  /** Sends a request on this connection. */
  readonly request: Client['request']
  /**
   * Resolves when the next request on this connection leaves. On a connection that has served one before, undici first
   * lets the event loop take what came in meanwhile, and a busy process needs 20 ms and more for that.
   */
  nextLeft(): Promise<void>
}

/** Idle connections stay open this long, unless the vendor closes them earlier. */
const IDLE_FOR_MS = 60_000
/** The vendor refuses to send more than 1 MB (code 10018), so a body of twice that is not the vendor's. */
const MAX_BYTES = 2 * 1024 * 1024
/** undici's channel, on which it names the socket of each request that it writes. */
const HEADERS_SENT = 'undici:client:sendHeaders'

/**
 * Keeps connections to the vendor open and hands out open ones.
 *
 * A call must have its open connection before it takes a permit: calls delayed by a handshake would reach the vendor
 * together with later calls and exceed the limit. undici's own pool opens connections only when a request needs one.
 */
export class Connections {
  readonly #options: ConnectionsOptions
  readonly #connect: buildConnector.connector
  readonly #idle: OpenConnection[] = []
  readonly #all = new Set<OpenConnection>()
  readonly #departures = new Map<unknown, () => void>()
  readonly #onHeaders = (message: unknown): void => {
    const socket = typeof message === 'object' && message !== null && 'socket' in message ? message.socket : undefined
    // undici tells before it writes; the moment behind the write counts.
    queueMicrotask(() => this.#departures.get(socket)?.())
  }

  constructor(options: ConnectionsOptions) {
    this.#options = options
    subscribe(HEADERS_SENT, this.#onHeaders)
    this.#connect = buildConnector({ timeout: options.connectTimeoutMs, allowH2: false, keepAlive: true })
  }

  /**
   * Gives an idle connection, or opens one.
   *
   * @throws the error of the connect (refused, DNS, TLS, time-out); no request was sent
   */
  async take(): Promise<Connection> {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.isOpen()) return idle
    }
    const socket = await this.#openSocket()
    const nextLeft = (): Promise<void> => new Promise(resolve => this.#departures.set(socket, resolve))
    const onClosed = (connection: OpenConnection): void => {
      this.#departures.delete(socket)
      this.#forget(connection)
    }
    const opened = new OpenConnection(this.#options.origin, socket, { nextLeft, onClosed })
    this.#all.add(opened)
    return opened
  }

  /** Takes a connection back for the next request; ends it if it can take none. */
  giveBack(connection: Connection): void {
    if (!(connection instanceof OpenConnection) || !this.#all.has(connection)) return
    if (connection.isOpen()) this.#idle.push(connection)
    else connection.destroy()
  }

  /** Ends a connection whose state is not known, for instance after a time-out. */
  discard(connection: Connection): void {
    if (connection instanceof OpenConnection) connection.destroy()
  }

  /** Ends all connections. */
  close(): void {
    for (const connection of this.#all) connection.destroy()
    this.#idle.length = 0
    unsubscribe(HEADERS_SENT, this.#onHeaders)
  }

  /** Number of open connections, idle ones included. */
  get count(): number {
    return this.#all.size
  }

  #openSocket(): Promise<Socket> {
    const url = new URL(this.#options.origin)
    // A URL writes an IPv6 address in brackets; a socket takes it without.
    const target = {
      hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      host: url.host,
      protocol: url.protocol,
      port: url.port,
    }
    return new Promise((resolve, reject) => {
      this.#connect(target, (error, socket) => (error === null ? resolve(socket) : reject(error)))
    })
  }

  #forget(connection: OpenConnection): void {
    this.#all.delete(connection)
    const at = this.#idle.indexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
  }
}

/** Says in a word why a connection could not be opened. The words are few, so that they can label a metric. */
export function reasonOfConnect(error: unknown): 'dns' | 'refused' | 'timeout' | 'tls' | 'unreachable' | 'other' {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (/^(ENOTFOUND|EAI_)/.test(code)) return 'dns'
  if (code === 'ECONNREFUSED') return 'refused'
  if (/TIMEDOUT|TIMEOUT/.test(code)) return 'timeout'
  if (/^E(NET|HOST|ADDR)/.test(code)) return 'unreachable'
  return /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO|EPROTO/.test(code) ? 'tls' : 'other'
}

interface OpenOptions extends Pick<Connection, 'nextLeft'> {
  readonly onClosed: (connection: OpenConnection) => void
}

class OpenConnection implements Connection {
  readonly #client: Client
  readonly #socket: Socket
  readonly nextLeft: () => Promise<void>

  constructor(origin: string, socket: Socket, { nextLeft, onClosed }: OpenOptions) {
    this.#socket = socket
    this.nextLeft = nextLeft
    dropContinue(socket)
    let handedOver = false
    this.#client = new Client(origin, {
      pipelining: 1,
      keepAliveTimeout: IDLE_FOR_MS,
      maxResponseSize: MAX_BYTES,
      // The client gets the open socket, once. It must not open others by itself.
      connect: (_target, callback) => {
        if (handedOver || socket.destroyed) return callback(new Error('the connection was closed'), null)
        handedOver = true
        // undici misses a callback that comes before `connect` has returned.
        queueMicrotask(() => callback(null, socket))
      },
    })
    socket.once('close', () => {
      onClosed(this)
      this.#client.destroy().catch(() => {})
    })
    // A request reports its own error. An idle connection that breaks needs no report.
    socket.on('error', () => {})
  }

  readonly request: Client['request'] = (options: Parameters<Client['request']>[0]) => this.#client.request(options)

  isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable && !this.#socket.readableEnded
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
