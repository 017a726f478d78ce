import type { Socket } from 'node:net'
import { buildConnector, Client } from 'undici'

/** What {@link Connections} is made from. */
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
}

/** Idle connections are kept this long; the vendor closes earlier if it wants to. */
const IDLE_FOR_MS = 60_000

/**
 * Keeps connections to the vendor open and hands out open ones.
 *
 * undici's own pool opens a connection when a request needs it, which is too late here: a permit must not be taken
 * before the connection is there. Calls that wait for a handshake would arrive together with those that don't.
 */
export class Connections {
  readonly #options: ConnectionsOptions
  readonly #connect: buildConnector.connector
  readonly #idle: OpenConnection[] = []
  readonly #all = new Set<OpenConnection>()

  constructor(options: ConnectionsOptions) {
    this.#options = options
    this.#connect = buildConnector({ timeout: options.connectTimeoutMs, allowH2: false, keepAlive: true })
  }

  /**
   * Gives an idle connection, or opens one.
   *
   * @throws whatever the connect failed with (refused, DNS, TLS, time-out); nothing was sent
   */
  async take(): Promise<Connection> {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.isOpen()) return idle
    }
    const socket = await this.#openSocket()
    const opened = new OpenConnection(this.#options.origin, socket, connection => this.#forget(connection))
    this.#all.add(opened)
    return opened
  }

  /** Takes a connection back for the next request. One that is no longer usable is dropped. */
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
  }

  /** How many connections are open, idle ones included. */
  get count(): number {
    return this.#all.size
  }

  #openSocket(): Promise<Socket> {
    const url = new URL(this.#options.origin)
    const target = { hostname: url.hostname, host: url.host, protocol: url.protocol, port: url.port }
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

class OpenConnection implements Connection {
  readonly #client: Client
  readonly #socket: Socket

  constructor(origin: string, socket: Socket, onClosed: (connection: OpenConnection) => void) {
    this.#socket = socket
    let handedOver = false
    this.#client = new Client(origin, {
      pipelining: 1,
      keepAliveTimeout: IDLE_FOR_MS,
      // The client gets the socket that is open already, once. It must not open others behind our back.
      connect: (_target, callback) => {
        if (handedOver || socket.destroyed) return callback(new Error('the connection was closed'), null)
        handedOver = true
        // Not at once: undici misses a connect that is over before it has begun.
        queueMicrotask(() => callback(null, socket))
      },
    })
    socket.once('close', () => {
      onClosed(this)
      this.#client.destroy().catch(() => {})
    })
    // Errors come with the request that they hit; an idle connection that breaks is simply gone.
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
