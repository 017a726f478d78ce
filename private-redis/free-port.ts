import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Names a TCP port of the loopback address that is free now.
 *
 * Another process may take it first, so the caller must be ready to ask again.
 */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await once(server.close(), 'close')
  if (address !== null && typeof address === 'object') return address.port
  throw new Error('the system gave no port')
}
