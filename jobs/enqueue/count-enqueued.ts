import { readFileSync } from 'node:fs'
import { answerWithin } from '../../redis/answer-within.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { createRedisScript, type RedisScript } from '../../redis/redis-script.ts'
import { ENQUEUE_RESULTS, type EnqueueResult } from '../status/fleet-figures.ts'

const script = readFileSync(new URL('./count-enqueued.lua', import.meta.url), 'utf8')

const WAIT_AT_MOST_MS = 1000

/**
 * Counts accepted, duplicate and rejected accounts in Redis, for the metrics. Prometheus cannot scrape producers, which
 * come and go.
 *
 * Counting delays no producer and fails no enqueue. A count is lost when Redis goes away at that moment. Each count
 * costs one command.
 */
export class EnqueuedCounter {
  readonly #run: RedisScript
  readonly #key: string
  readonly #underWay = new Set<Promise<unknown>>()

  /** @param redis the caller closes it */
  constructor(redis: RedisConnection, prefix: string) {
    this.#run = createRedisScript(redis, 'clearFriendsCountEnqueued', script)
    this.#key = keysOf(prefix).enqueued
  }

  /** Counts a batch; returns at once. */
  count(results: Readonly<Partial<Record<EnqueueResult, number>>>): void {
    const pairs = ENQUEUE_RESULTS.flatMap(result => {
      const accounts = results[result] ?? 0
      return accounts > 0 ? [result, accounts] : []
    })
    if (pairs.length === 0) return
    const counting = this.#run([this.#key], pairs)
      .catch(() => {})
      .finally(() => this.#underWay.delete(counting))
    this.#underWay.add(counting)
  }

  /** Counts the growth from one sum to the next. */
  countGrowth(before: Readonly<Record<EnqueueResult, number>>, now: Readonly<Record<EnqueueResult, number>>): void {
    this.count(Object.fromEntries(ENQUEUE_RESULTS.map(result => [result, now[result] - before[result]])))
  }

  /** Resolves when all counts are in Redis, or after a second: counts are not worth a longer wait. */
  async done(): Promise<void> {
    if (this.#underWay.size === 0) return
    await answerWithin(WAIT_AT_MOST_MS, Promise.all(this.#underWay))
  }
}
