import type { Socket } from 'node:net'
import { type FastifyInstance, fastify } from 'fastify'

/** Address of the HTTP server, and the parts whose state it shows. */
export interface HttpServerOptions {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** Says whether this process can take work (Redis answers, no drain has begun), or why not. */
  readonly readiness: () => Promise<{ readonly ready: true } | { readonly ready: false; readonly reason: string }>
  /** Gives the ms for which this process has had work and achieved nothing, if it hangs. */
  readonly hangsForMs: () => number | undefined
  readonly metrics: { text(scraper: string): Promise<string>; readonly contentType: string }
  /** Longest time that a client may take for its request, in ms. Default 10 s. */
  readonly patienceMs?: number
}

/** A running server. */
export interface HttpServer {
  readonly port: number
  close(): Promise<void>
}

/** A slow client across the world needs a second or two for such small requests. */
const PATIENCE_MS = 10_000
/** Probes, Prometheus and some people; strangers that hold connections must not take the files of the process. */
const CONNECTIONS_AT_MOST = 100
/** No route here has a JSON schema, and Fastify's compilers of them would take a twelfth of a worker's start. */
const NO_SCHEMAS = () => () => () => ''
/** Scrapes within a second get the same text: more of them would cost the calls their moment, and tell nothing new. */
const TEXT_LASTS_MS = 1000

/**
 * Starts the HTTP server of a worker: `GET /metrics`, `GET /healthz` (the process is alive and does not hang), `GET /readyz` (it can work).
 *
 * @throws {PortInUseError} when the port is taken
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const patienceMs = options.patienceMs ?? PATIENCE_MS
  const server = fastify({
    forceCloseConnections: true,
    requestTimeout: patienceMs,
    keepAliveTimeout: patienceMs,
    http: { headersTimeout: patienceMs, connectionsCheckingInterval: patienceMs / 10 },
    clientErrorHandler: endBadConnection,
    schemaController: { compilersFactory: { buildValidator: NO_SCHEMAS, buildSerializer: NO_SCHEMAS } },
  })
  server.server.maxConnections = CONNECTIONS_AT_MOST
  const textFor = keepForASecond(options.metrics.text)
  server.get('/healthz', async (_request, reply) => {
    const hangsForMs = options.hangsForMs()
    if (hangsForMs === undefined) return reply.send({ status: 'alive' })
    const reason = `there is work, and nothing of it was done for ${Math.round(hangsForMs / 60_000)} min; restart it`
    return reply.code(503).send({ status: 'hangs', reason })
  })
  server.get('/readyz', async (_request, reply) => {
    const readiness = await options.readiness()
    return readiness.ready
      ? reply.send({ status: 'ready' })
      : reply.code(503).send({ status: 'not ready', reason: readiness.reason })
  })
  server.get('/metrics', async (request, reply) =>
    reply.header('content-type', options.metrics.contentType).send(await textFor(request.ip)),
  )
  const port = await listen(server, options)
  return { port, close: () => server.close() }
}

/**
 * Ends a connection whose request is no HTTP, or never ends. The latter gets no answer: a client that reads nothing would
 * hold its end of the connection until it has read that.
 */
function endBadConnection({ code }: { readonly code: string }, socket: Socket): void {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') socket.destroy()
  else socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
}

/** Makes a reader that asks for each scraper's text once a second at most. */
function keepForASecond(read: (scraper: string) => Promise<string>): (scraper: string) => Promise<string> {
  const kept = new Map<string, Promise<string>>()
  return scraper => {
    const text = kept.get(scraper) ?? read(scraper)
    if (!kept.has(scraper)) {
      kept.set(scraper, text)
      setTimeout(() => kept.delete(scraper), TEXT_LASTS_MS).unref()
    }
    return text
  }
}

/** Thrown when the port of `HTTP_PORT` is taken by another process. */
class PortInUseError extends Error {
  override readonly name = 'PortInUseError'
  readonly code = 'PORT_IN_USE'
}

async function listen(server: FastifyInstance, { host, port }: HttpServerOptions): Promise<number> {
  try {
    await server.listen({ host, port })
  } catch (error) {
    await server.close()
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new PortInUseError(`HTTP_PORT ${port} on ${host} is in use. Set another port, or 0 to take any free one.`, {
        cause: error,
      })
    }
    throw error
  }
  const address = server.server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}
