import { freePort } from './free-port.ts'
import { type RedisProcess, RedisStartError } from './redis-process.ts'

const PORTS_TO_TRY = 5

/**
 * Starts a server on the wanted port, or on a free one.
 *
 * Another process may take a free port before the server does. Then another free port is tried, five in all.
 *
 * @throws RedisStartError when the server does not start
 */
export async function startOnPort(
  start: (port: number) => Promise<RedisProcess>,
  wanted?: number,
): Promise<{ readonly port: number; readonly server: RedisProcess }> {
  for (let attempt = 1; ; attempt++) {
    const port = wanted ?? (await freePort())
    try {
      return { port, server: await start(port) }
    } catch (error) {
      const lostTheRace = error instanceof RedisStartError && error.code === 'REDIS_PORT_IN_USE'
      if (!lostTheRace || wanted !== undefined || attempt === PORTS_TO_TRY) throw error
    }
  }
}
