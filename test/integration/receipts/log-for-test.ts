import { ReceiptKeeper } from '../../../jobs/receipts/keep/receipt-keeper.ts'
import { createReceiptSeals } from '../../../jobs/receipts/keys/receipt-seals.ts'
import { Sealer } from '../../../jobs/receipts/keys/sealer.ts'
import { createSettlement } from '../../../jobs/settle/settlement.ts'
import { bindFleet, DATA_VERSION } from '../../../jobs/status/fleet-contract.ts'
import type { RedisConnection } from '../../../redis/connection.ts'
import { keysOf } from '../../../redis/keys.ts'
import { TEST_RECEIPT_KEY } from '../../helpers/receipts/settling.ts'

export const APP = 1_400_000_000

/** A log of receipts that a test writes, keeps and changes. */
export function logForTest(redis: RedisConnection, prefix: string, key: string = TEST_RECEIPT_KEY, app: number = APP) {
  const seals = createReceiptSeals(key)
  const keys = keysOf(prefix)
  const sealer = new Sealer({ redis, prefix, seals, app })
  const { settle } = createSettlement({ redis, prefix, seals, receiptDays: 400, sealer })
  let written = 0

  return {
    seals,
    sealer,
    keys,
    bind: () => bindFleet(redis, prefix, { app, host: 'vendor.example', key: seals.keyId, version: DATA_VERSION }),
    /** One that waits for no append-only file. */
    keeper: (receiptDays = 400) =>
      new ReceiptKeeper({ redis: serverThat(redis, 'aof_enabled:0'), prefix, sealer, receiptDays }),
    /** Settles made-up jobs of these accounts. */
    settle: async (
      accounts: readonly string[],
      requests: readonly string[],
      outcome: 'cleared' | 'dead_lettered' = 'cleared',
    ): Promise<void> => {
      for (const account of accounts) {
        const jobId = `${sealer.id}-${account}-${outcome}`
        await redis.hset(keys.queue + jobId, 'name', 'c')
        const verified = outcome === 'cleared' ? 'yes' : 'skipped'
        const end = { account, requests, outcome, verified } as const
        await settle(jobId, { ...end, calls: 2, attempts: 1, enqueuedAt: 1_795_000_000_000 })
      }
    },
    /** Settles so many jobs, of which only the hashes exist. Every third belongs to `ticket-1`. */
    write: async (count: number): Promise<void> => {
      const numbers = Array.from({ length: count }, () => ++written)
      for (let from = 0; from < count; from += 500) {
        await Promise.all(
          numbers.slice(from, from + 500).map(async number => {
            const jobId = `${sealer.id}-${number}`
            await redis.hset(keys.queue + jobId, 'name', 'c')
            const requests = number % 3 === 0 ? ['ticket-1'] : []
            const end = { account: `user_${number}`, requests, outcome: 'cleared', verified: 'yes' } as const
            await settle(jobId, { ...end, calls: 2, attempts: 1, enqueuedAt: 1_795_000_000_000 + number })
          }),
        )
      }
    },
  }
}

/** Reads the whole stream, so that a test can write it anew with changes, as any client of Redis can. */
export async function readStream(redis: RedisConnection, key: string): Promise<[string, Buffer[]][]> {
  const entries = await redis.xrangeBuffer(key, '-', '+')
  return entries.map(([id, fields]) => [id.toString(), fields])
}

/** Writes the whole stream anew. */
export async function writeStream(
  redis: RedisConnection,
  key: string,
  entries: readonly (readonly [string, readonly Buffer[]])[],
): Promise<void> {
  await redis.del(key)
  for (const [id, fields] of entries) await redis.xadd(key, id, ...fields)
}

/** A Redis that says another thing of its append-only file, by which a keeper decides how long it waits. */
export function serverThat(redis: RedisConnection, aof: 'aof_enabled:0' | 'aof_enabled:1'): RedisConnection {
  return new Proxy(redis, {
    get: (target, name) => {
      if (name === 'clearFriendsServer') return async () => (await target.info()).replace(/aof_enabled:\d/, aof)
      if (name === 'call') return async () => ['appendfsync', 'everysec']
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
