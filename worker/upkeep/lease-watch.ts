import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { createRedisScript } from '../../redis/redis-script.ts'
import { LONGEST_PROBE_PAUSE_MS } from '../halt/prober.ts'
import type { Logger } from '../observe/log.ts'
import { LOCK_MS, STALLED_CHECK_MS } from '../pool/lock-times.ts'
import { TURN_MS } from './receipt-watch.ts'

const script = readFileSync(new URL('./shorten-leases.lua', import.meta.url), 'utf8')

/** A lost job is found this much later after the clock of Redis was set back. The look costs Redis next to nothing. */
const EVERY_MS = 5000

/**
 * Looks every 5 s whether locks and leases in Redis last longer than they may, and shortens them: the clock of Redis was
 * ahead when they were taken. Else no worker would look for lost jobs, seal receipts or probe until that time has come.
 */
export class LeaseWatch {
  readonly #redis: RedisConnection
  readonly #log: Logger
  readonly #shorten: () => Promise<unknown>
  readonly #timer: NodeJS.Timeout

  /** @param redis the caller closes it */
  constructor(redis: RedisConnection, prefix: string, log: Logger) {
    this.#redis = redis
    this.#log = log
    const { queue, receiptTurn, probe } = keysOf(prefix)
    const run = createRedisScript(redis, 'clearFriendsShortenLeases', script)
    const keys = [queue, `${queue}stalled-check`, receiptTurn, probe]
    this.#shorten = () => run(keys, [LOCK_MS, STALLED_CHECK_MS, TURN_MS, LONGEST_PROBE_PAUSE_MS])
    this.#timer = setInterval(() => void this.look(), EVERY_MS)
    void this.look()
  }

  /** Looks once. Never rejects. */
  async look(): Promise<void> {
    // Commands would wait and pile up while Redis is away.
    if (this.#redis.status !== 'ready') return
    try {
      const shortened = z.number().parse(await this.#shorten())
      if (shortened > 0) this.#log.warn({ leases: shortened }, 'the clock of Redis went back; leases were shortened')
    } catch (error) {
      this.#log.debug({ err: error }, 'could not look at the leases')
    }
  }

  /** Stops. */
  close(): void {
    clearInterval(this.#timer)
  }
}
