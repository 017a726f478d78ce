import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { selfSigned } from '../../unit/simulator/self-signed.ts'

/**
 * TLS in front of a plain server of this machine, with handshakes that take as long as over a real network. It runs in
 * a process of its own (see `tls-front.ts`), because a hundred handshakes at once hold up all else in their process.
 */
interface TlsFront {
  /** `https://localhost:<port>`. */
  readonly url: string
  /** For NODE_EXTRA_CA_CERTS: the certificate that a client must trust. */
  readonly certificateFile: string
  /** Handshakes so far. */
  readonly handshakes: number
  /** Closes all connections without a request under way, as servers do with idle ones. */
  closeIdle(): void
  stop(): Promise<void>
}

/**
 * Starts a front that begins each handshake `handshakeMs` late. A server has no other way to delay a connection: TCP's
 * own handshake is the system's.
 */
async function startTlsFront(targetPort: number, handshakeMs: number): Promise<TlsFront> {
  const { key, cert } = selfSigned()
  const dir = await mkdtemp(join(tmpdir(), 'clear-friends-tls-'))
  const certificateFile = join(dir, 'certificate.pem')
  await writeFile(certificateFile, cert)
  const lines = new Set<Line>()
  const sockets = new Set<Socket>()
  let handshakes = 0
  const tls = createTlsServer({ key, cert }, client => {
    handshakes += 1
    client.setNoDelay(true)
    const line = new Line(client, connect({ host: '127.0.0.1', port: targetPort, noDelay: true }))
    lines.add(line)
    client.once('close', () => lines.delete(line))
  })
  const tcp = createServer({ noDelay: true, pauseOnConnect: true }, socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    // Handshakes come spread, as over a network: this process can only do one after the other.
    setTimeout(() => tls.emit('connection', socket), handshakeMs * (0.7 + 0.6 * Math.random()))
  })
  await new Promise<void>(resolve => tcp.listen({ host: 'localhost', port: 0, backlog: 1024 }, resolve))
  const address = tcp.address()
  if (address === null || typeof address === 'string') throw new Error('the front has no port')
  return {
    url: `https://localhost:${address.port}`,
    certificateFile,
    get handshakes() {
      return handshakes
    },
    closeIdle: () => {
      for (const line of lines) line.closeIfIdle()
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>(resolve => tcp.close(() => resolve()))
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** A client and its plain connection behind. HTTP/1.1 without pipelining: a request and its answer take turns. */
class Line {
  readonly #client: Socket
  #isAnswered = true

  constructor(client: Socket, server: Socket) {
    this.#client = client
    client.on('data', piece => {
      this.#isAnswered = false
      server.write(piece)
    })
    server.on('data', piece => {
      this.#isAnswered = true
      client.write(piece)
    })
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.on('error', () => {})
      socket.on('close', () => other.destroy())
    }
  }

  closeIfIdle(): void {
    if (this.#isAnswered) this.#client.end()
  }
}

const front = await startTlsFront(Number(process.argv[2]), Number(process.argv[3]))
process.on('message', question => {
  if (question === 'closeIdle') front.closeIdle()
  process.send?.({ handshakes: front.handshakes })
})
process.once('disconnect', () => void front.stop())
process.send?.({ url: front.url, certificateFile: front.certificateFile })
