import type { RedisConnection } from '../../redis/connection.ts'

/** What is told: the fleet stands still from now on, or may go on. */
export type FleetNews = 'closed' | 'opened'

/**
 * Listens to the fleet's news on a connection of its own. News may get lost (they are not stored); what counts is the
 * fleet's hash, which every permit is checked against. News only save the calls whose permits were granted before.
 *
 * @param connection in use for nothing else; stays the caller's
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
