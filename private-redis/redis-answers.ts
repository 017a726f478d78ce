import { Redis } from 'ioredis'

/**
 * Tells whether a Redis server answers on this port of the loopback address.
 *
 * @param processId what the server must report as its process id, because another process may have been faster in taking
 *   the port; nothing = any server will do
 */
export async function answersAs(port: number, processId: number | undefined): Promise<boolean> {
  const redis = new Redis({
    host: '127.0.0.1',
    port,
    lazyConnect: true,
    connectTimeout: 2000,
    commandTimeout: 2000,
    enableReadyCheck: false,
    // Version 3 begins with a greeting that fails where a password is wanted, and the reason is lost.
    protocol: 2,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  redis.on('error', () => {})
  try {
    await redis.connect()
    // PING fails while the server is still loading its file.
    await redis.ping()
    const info = await redis.info('server')
    return processId === undefined || info.includes(`process_id:${processId}\r\n`)
  } catch (error) {
    // A server with a password does answer, and will not say more to a stranger.
    return error instanceof Error && error.message.startsWith('NOAUTH')
  } finally {
    // On a connection that has ended already this would hold the process for another 2 s.
    if (redis.status !== 'end') redis.disconnect()
  }
}
