import { emptyEvents } from '../../jobs/job/events-stream.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import type { Logger } from '../observe/log.ts'

/** So long an account may stand in an event after a producer of somebody else has switched events on. */
const EVERY_MS = 60_000

/**
 * Keeps BullMQ's events, which may name accounts, from being stored, whoever else opens the queue.
 *
 * @param redis stays the caller's
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
