import type { RedisConnection } from '../../redis/connection.ts'

/** `closed`: the fleet stands still from now on. `opened`: it may go on. */
export type FleetNews = 'closed' | 'opened'

/**
 * Listens to the fleet's news. Redis does not store news, so some may get lost. The fleet's hash decides: Redis reads
 * it before it grants a permit. News only save the calls whose permits Redis granted before the change.
 *
 * @param connection for nothing else, since Redis allows no other command on it; the caller closes it
 */
export async function watchFleet(
  connection: RedisConnection,
  channel: string,
  onNews: (news: FleetNews) => void,
): Promise<void> {
  const listen = (_channel: string, message: string): void => {
    if (message === 'closed' || message === 'opened') onNews(message)
  }
  connection.on('message', listen)
  await connection.subscribe(channel)
}
