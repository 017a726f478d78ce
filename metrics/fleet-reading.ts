import { createFleetFiguresReader, type FleetFigures } from '../jobs/status/fleet-figures.ts'
import { createFleetStatusReader, type FleetStatus } from '../jobs/status/fleet-status.ts'
import type { RateSettings } from '../jobs/status/queue-status.ts'
import { answerWithin } from '../redis/answer-within.ts'
import type { RedisConnection } from '../redis/connection.ts'
import { type CallRates, createCallRatesReader } from './call-rates.ts'

/** Redis' answers for one scrape. */
export interface FleetReading {
  readonly status: FleetStatus
  readonly figures: FleetFigures
  /** Rates with their peaks since the same scraper's last reading. */
  readonly callRates: readonly CallRates[]
  readonly roundTripMs: number
  /** Lead of Redis' clock over this host's, exact to half the round trip. */
  readonly clockOffsetMs: number
}

/** Half would count a busy Redis as away; double would make a scrape wait too long for a Redis that hangs. */
const ANSWER_WITHIN_MS = 1000

/**
 * Makes a reader that never hangs. It returns `undefined` at once while there is no connection, and after a second if
 * Redis does not answer. While one question hangs it asks no other, so that no further scrape waits for Redis.
 *
 * @param redis the caller closes it
 * @param commands the vendor's commands whose rates are read
 * @returns the reader; it takes the scraper's name
 */
export function createFleetReading(
  redis: RedisConnection,
  prefix: string,
  settings: RateSettings,
  commands: readonly string[],
): (scraper: string) => Promise<FleetReading | undefined> {
  const readFigures = createFleetFiguresReader(redis, prefix)
  const readStatus = createFleetStatusReader(redis, prefix, settings)
  const readCallRates = createCallRatesReader(redis, prefix, settings.ceilingPerSecond, commands)
  const ask = async (scraper: string): Promise<FleetReading> => {
    const sentAt = performance.now()
    const figuresWithTime = readFigures().then(figures => {
      const roundTripMs = performance.now() - sentAt
      return { figures, roundTripMs, clockOffsetMs: figures.readAt - (Date.now() - roundTripMs / 2) }
    })
    // Redis answers in this order, and the first script is short, so that its time is the way to Redis and back.
    const [timed, status, callRates] = await Promise.all([figuresWithTime, readStatus(), readCallRates(scraper)])
    return { ...timed, status, callRates }
  }
  const underWay = new Map<string, { readonly answer: Promise<FleetReading | undefined>; readonly since: number }>()
  const begin = (scraper: string): Promise<FleetReading | undefined> => {
    const answer = ask(scraper)
      .catch(() => undefined)
      .finally(() => underWay.delete(scraper))
    underWay.set(scraper, { answer, since: performance.now() })
    return answer
  }
  return async scraper => {
    const now = performance.now()
    const hangs = underWay.values().some(({ since }) => now - since >= ANSWER_WITHIN_MS)
    if (redis.status !== 'ready' || hangs) return undefined
    return answerWithin(ANSWER_WITHIN_MS, underWay.get(scraper)?.answer ?? begin(scraper))
  }
}
