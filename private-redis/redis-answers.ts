import { Redis } from 'ioredis'

/**
 * Whether a Redis server answers on this port of the loopback address.
 *
 * @param processId process id that the server must report, because another server may have taken the port first;
 *   `undefined` accepts any server
 * @param password password to give it, if it asks for one
 */
export async function answersAs(
  port: number,
  processId: number | undefined,
  password?: string | undefined,
): Promise<boolean> {
  const redis = new Redis({
    host: '127.0.0.1',
    port,
    ...(password === undefined ? {} : { password }),
    lazyConnect: true,
    connectTimeout: 2000,
    commandTimeout: 2000,
    enableReadyCheck: false,
    // Protocol version 3 begins with a greeting. It fails on a server with a password, and the reason is lost.
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
    // A server with a password answers too, and reports no process id without the password.
    return error instanceof Error && error.message.startsWith('NOAUTH')
  } finally {
    // A disconnect on a connection that has ended already would hold the process for another 2 s.
    if (redis.status !== 'end') redis.disconnect()
  }
}
