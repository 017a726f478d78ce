import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type HttpServer, startHttpServer } from '../../../worker/http-server.ts'

const PATIENCE_MS = 500

let server: HttpServer
let sockets: Socket[] = []
/** The scrapers that were read for. */
let read: string[]
let hangsForMs: number | undefined

beforeEach(async () => {
  read = []
  hangsForMs = undefined
  server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    readiness: async () => ({ ready: true }),
    hangsForMs: () => hangsForMs,
    metrics: {
      contentType: 'text/plain',
      text: async scraper => {
        read.push(scraper)
        return `text ${read.length}`
      },
    },
    patienceMs: PATIENCE_MS,
  })
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  sockets = []
  await server.close()
})

function open(sent: string): Socket {
  const socket = connect(server.port, '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => {})
  socket.write(sent)
  socket.resume()
  return socket
}

/** Resolves when the server has ended a connection, in whatever way. */
const ended = (socket: Socket): Promise<void> => new Promise(resolve => socket.once('close', () => resolve()))

const get = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${server.port}${path}`)).text()

describe('the HTTP server of a worker', () => {
  it.each([
    ['a request whose headers never end', 'GET /metrics HTTP/1.1\r\nHost: x\r\nX-a: '],
    ['a connection that asks nothing', ''],
    ['a request that was answered, and no further one', 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('ends %s', async (_what, sent) => {
    await ended(open(sent))
  })

  it('ends a request that never ends also where the client reads nothing', async () => {
    const socket = open('GET /metrics HTTP/1.1\r\nHost: x\r\nX-a: ').pause()
    await ended(socket)
  })

  it('answers what is no HTTP', async () => {
    const socket = open('no HTTP\r\n\r\n')
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('holds a hundred connections at most, and goes on answering when they are gone', async () => {
    const held = Array.from({ length: 150 }, () => open('GET /metrics HTTP/1.1\r\nX-a: '))
    await Promise.all(held.map(ended))
    expect(await get('/healthz')).toContain('alive')
  })

  it('says of a process that hangs that it should be restarted', async () => {
    hangsForMs = 660_000
    const response = await fetch(`http://127.0.0.1:${server.port}/healthz`)
    expect(response.status).toBe(503)
    expect(await response.json()).toEqual({
      status: 'hangs',
      reason: 'there is work, and nothing of it was done for 11 min; restart it',
    })
  })

  it('reads the metrics once for all scrapes of a second', async () => {
    const texts = await Promise.all(Array.from({ length: 20 }, () => get('/metrics')))
    expect(new Set(texts)).toEqual(new Set(['text 1']))
    expect(read).toEqual(['127.0.0.1'])
    await expect.poll(() => get('/metrics'), { timeout: 10_000 }).toBe('text 2')
  })
})
