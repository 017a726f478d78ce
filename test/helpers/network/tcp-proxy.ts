import { connect, createServer, type Socket } from 'node:net'

/**
 * Stands between a client and a server on the loopback address, and delays, loses or breaks off their traffic.
 *
 * Each direction is a queue that keeps its order, as TCP does: a late piece holds up those behind it.
 */
export interface TcpProxy {
  readonly port: number
  /** How many connections are open. */
  readonly openConnections: number
  /** Delays each piece from the server by the ms that `delayMs` gives. */
  delayReplies(delayMs: () => number): void
  /** Delays the first piece that a client sends on a new connection, as a longer handshake does. */
  delayHandshakes(delayMs: number): void
  /** Holds up all traffic of live and new connections, without an error at either end, until {@link heal}. */
  blackHole(): void
  /** Swallows all traffic of the connections that are open now, for ever; new ones work. */
  blackHoleForEver(): void
  /** Lets through the traffic held up, and all from now on. */
  heal(): void
  /**
   * Loses the next reply to a request with this text, and its connection with it: the server has acted, and the client
   * does not know. Resolves when the reply is lost.
   */
  loseReplyTo(text: string): Promise<void>
  /** Closes all open connections, as servers do with idle ones. */
  closeAll(): void
  stop(): Promise<void>
}

/** Starts a proxy on a free port in front of a port of this machine. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<Pair>()
  const state: State = { delayReplyMs: () => 0, handshakeMs: 0, isOpen: true, onHealed: new Set() }
  const server = createServer({ noDelay: true, allowHalfOpen: false }, client => {
    const pair = new Pair(client, connect({ host: '127.0.0.1', port: targetPort, noDelay: true }), state)
    pairs.add(pair)
    pair.onClosed(() => pairs.delete(pair))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  const heal = (): void => {
    state.isOpen = true
    for (const goOn of state.onHealed) goOn()
    state.onHealed.clear()
  }
  const closeAll = (): void => {
    for (const pair of pairs) pair.close()
  }
  return {
    port: address.port,
    get openConnections() {
      return pairs.size
    },
    delayReplies: delayMs => {
      state.delayReplyMs = delayMs
    },
    delayHandshakes: delayMs => {
      state.handshakeMs = delayMs
    },
    blackHole: () => {
      state.isOpen = false
    },
    blackHoleForEver: () => {
      for (const pair of pairs) pair.swallowAll()
    },
    heal,
    loseReplyTo: text =>
      new Promise(resolve => {
        state.loss = { text, done: resolve }
      }),
    closeAll,
    stop: async () => {
      closeAll()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

interface State {
  delayReplyMs: () => number
  handshakeMs: number
  isOpen: boolean
  readonly onHealed: Set<() => void>
  loss?: { readonly text: string; readonly done: () => void } | undefined
}

/** One client with its connection to the server. */
class Pair {
  readonly #client: Socket
  readonly #server: Socket
  readonly #state: State
  #swallows = false
  #losesNextReply = false
  #isFirst = true

  constructor(client: Socket, server: Socket, state: State) {
    this.#client = client
    this.#server = server
    this.#state = state
    const toServer = new InOrder()
    const toClient = new InOrder()
    client.on('data', piece => {
      this.#lookForLoss(piece)
      const delayMs = this.#isFirst ? state.handshakeMs : 0
      this.#isFirst = false
      toServer.add(delayMs, () => this.#pass(piece, server, toServer))
    })
    server.on('data', piece => {
      if (this.#losesNextReply) return this.#lose()
      toClient.add(state.delayReplyMs(), () => this.#pass(piece, client, toClient))
    })
    for (const [socket, other, way] of [
      [client, server, toServer],
      [server, client, toClient],
    ] as const) {
      socket.on('error', () => {})
      socket.on('end', () => way.add(0, () => void (this.#swallows || other.end())))
      socket.on('close', () => way.add(0, () => void (this.#swallows || other.destroy())))
    }
  }

  onClosed(then: () => void): void {
    this.#client.once('close', then)
  }

  swallowAll(): void {
    this.#swallows = true
  }

  close(): void {
    this.#client.destroy()
    this.#server.destroy()
  }

  #pass(piece: Buffer, to: Socket, way: InOrder): void {
    if (this.#swallows) return
    if (this.#state.isOpen) return void to.write(piece)
    way.hold()
    this.#state.onHealed.add(() => {
      to.write(piece)
      way.goOn()
    })
  }

  #lookForLoss(piece: Buffer): void {
    const { loss } = this.#state
    if (loss === undefined || !piece.includes(loss.text)) return
    this.#losesNextReply = true
  }

  #lose(): void {
    this.#losesNextReply = false
    this.close()
    this.#state.loss?.done()
    this.#state.loss = undefined
  }
}

/** Runs actions one behind the other, none before its own delay is over. */
class InOrder {
  readonly #waiting: { readonly readyAt: number; readonly act: () => void }[] = []
  #timer: NodeJS.Timeout | undefined
  #held = false

  add(delayMs: number, act: () => void): void {
    this.#waiting.push({ readyAt: performance.now() + delayMs, act })
    this.#run()
  }

  hold(): void {
    this.#held = true
  }

  goOn(): void {
    this.#held = false
    this.#run()
  }

  #run(): void {
    while (!this.#held) {
      const next = this.#waiting[0]
      if (next === undefined) return
      const inMs = next.readyAt - performance.now()
      if (inMs > 0.5) {
        this.#timer ??= setTimeout(() => {
          this.#timer = undefined
          this.#run()
        }, inMs)
        return
      }
      this.#waiting.shift()
      next.act()
    }
  }
}
