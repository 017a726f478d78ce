import { emptyEvents } from '../../jobs/job/events-stream.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import type { Logger } from '../observe/log.ts'

/** An account may stand in an event this long, once a foreign producer has switched events on. */
const EVERY_MS = 60_000

/**
 * Empties BullMQ's stream of events every minute. Events may name accounts, and any program that opens the queue may
 * switch them on.
 *
 * @param redis the caller closes it
 */
export class EventsWatch {
  readonly #timer: NodeJS.Timeout

  constructor(redis: RedisConnection, prefix: string, log: Logger) {
    const empty = (): void => {
      emptyEvents(redis, prefix).catch(error => log.debug({ err: error }, 'could not empty the stream of events'))
    }
    empty()
    this.#timer = setInterval(empty, EVERY_MS)
  }

  /** Stops. */
  close(): void {
    clearInterval(this.#timer)
  }
}
