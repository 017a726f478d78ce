import { type FastifyInstance, fastify } from 'fastify'

/** Address of the HTTP server, and the parts whose state it shows. */
export interface HttpServerOptions {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** Says whether this process can take work (Redis answers, no drain has begun), or why not. */
  readonly readiness: () => Promise<{ readonly ready: true } | { readonly ready: false; readonly reason: string }>
  readonly metrics: { text(scraper: string): Promise<string>; readonly contentType: string }
}

/** A running server. */
export interface HttpServer {
  readonly port: number
  close(): Promise<void>
}

/**
 * Starts the HTTP server of a worker: `GET /metrics`, `GET /healthz` (the process is alive), `GET /readyz` (it can work).
 *
 * @throws {PortInUseError} when the port is taken
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = fastify({ forceCloseConnections: true })
  server.get('/healthz', async () => ({ status: 'alive' }))
  server.get('/readyz', async (_request, reply) => {
    const readiness = await options.readiness()
    return readiness.ready
      ? reply.send({ status: 'ready' })
      : reply.code(503).send({ status: 'not ready', reason: readiness.reason })
  })
  server.get('/metrics', async (request, reply) =>
    reply.header('content-type', options.metrics.contentType).send(await options.metrics.text(request.ip)),
  )
  const port = await listen(server, options)
  return { port, close: () => server.close() }
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
