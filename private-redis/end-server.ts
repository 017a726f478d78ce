import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'

const WITHIN_MS = 10_000
const ASK_EVERY_MS = 50

/**
 * Ends the server at a port of the loopback address, if it is the one with this password.
 *
 * @returns whether no such server is there any more; `false` where something accepts connections and does not answer
 */
export async function endServer(port: number, password: string): Promise<boolean> {
  for (const giveUpAt = performance.now() + WITHIN_MS; performance.now() < giveUpAt; await wait(ASK_EVERY_MS)) {
    const found = await lookAt(port, password)
    if (found === 'nobody' || found === 'another') return true
  }
  return false
}

type Found = 'nobody' | 'another' | 'ours' | 'silent'

/** Looks who listens at the port, and asks the server to end if it is ours. */
async function lookAt(port: number, password: string): Promise<Found> {
  const redis = new Redis({
    ...{ host: '127.0.0.1', port, lazyConnect: true, enableReadyCheck: false, protocol: 2 as const },
    ...{ connectTimeout: 2000, commandTimeout: 2000, maxRetriesPerRequest: 0, retryStrategy: () => null },
  })
  let refused = ''
  redis.on('error', (error: Error) => {
    refused = 'code' in error ? String(error.code) : error.message
  })
  try {
    await redis.connect()
    // By hand: the driver goes on where a server takes no password, and that one is another's.
    await redis.call('AUTH', password)
    // Each write is on the disk already. Redis answers with the end of the connection.
    await redis.shutdown('NOSAVE').catch(() => {})
    return 'ours'
  } catch (error) {
    const said = `${refused} ${error instanceof Error ? error.message : ''}`
    if (/ECONNREFUSED/.test(said)) return 'nobody'
    // A Redis with another password or without one, and a server with another protocol.
    return /WRONGPASS|NOAUTH|AUTH|Protocol error/i.test(said) ? 'another' : 'silent'
  } finally {
    if (redis.status !== 'end') redis.disconnect()
  }
}
