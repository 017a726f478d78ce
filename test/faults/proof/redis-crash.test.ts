/**
 * An honest crash is not told as an attack: Redis loses the end of its append-only file, as a host that loses its power
 * does with `appendfsync everysec`, while workers seal and a keeper signs. The log goes on and says what was lost.
 */
import { readdir, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ReceiptKeeper } from '../../../jobs/receipts/keep/receipt-keeper.ts'
import { verifyReceipts } from '../../../jobs/receipts/verify/verify-receipts.ts'
import { type PrivateRedis, startPrivateRedis } from '../../../private-redis/private-redis.ts'
import { DEFAULT_PREFIX } from '../../../redis/keys.ts'
import { exportedLines, testSeals } from '../../helpers/receipts/receipts.ts'
import { logForTest } from '../../integration/receipts/log-for-test.ts'

let server: PrivateRedis
let redis: Redis
beforeEach(async () => {
  server = await startPrivateRedis({ appendFsync: 'everysec' })
  redis = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 })
  redis.on('error', () => {})
})
afterEach(async () => {
  redis.disconnect()
  await server.stop()
})

/** Takes away the end of the append-only file, as a loss of power does. */
async function loseEnd(dir: string, bytes: number): Promise<void> {
  const folder = join(dir, 'appendonlydir')
  const file = (await readdir(folder)).find(name => name.endsWith('.incr.aof')) ?? ''
  const { size } = await stat(join(folder, file))
  await truncate(join(folder, file), Math.max(0, size - bytes))
}

it.each([
  ['the last receipts, and no head', 60_000, false],
  ['receipts, and heads that were signed over them by a keeper that trusted Redis too much', 60_000, true],
])(
  'a crash that loses %s is told as a loss, and nothing else',
  async (_what, bytes, isHeadLost) => {
    const options = { prefix: DEFAULT_PREFIX, receiptDays: 400 }
    const workers = [logForTest(redis, DEFAULT_PREFIX), logForTest(redis, DEFAULT_PREFIX)]
    await workers[0]?.bind()
    const keepers = workers.map(({ sealer, keeper }) =>
      isHeadLost ? keeper() : new ReceiptKeeper({ redis, ...options, sealer }),
    )
    for (const keeper of keepers) await keeper.lookForLoss()
    const heads: string[] = []
    const work = async (rounds: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        await Promise.all(workers.map(({ write }) => write(15)))
        const kept = await keepers[round % 2]?.keep()
        if (kept?.kind === 'kept') heads.push(kept.note)
        await wait(100)
      }
    }
    await work(30)
    expect(heads.length).toBeGreaterThan(2)
    const before = await exportedLines({ redis, prefix: DEFAULT_PREFIX })
    await server.kill()
    await loseEnd(server.dir, bytes)
    await server.restart()
    await redis.ping()
    for (const keeper of keepers) {
      expect(await keeper.lookForLoss()).toBeGreaterThan(0)
    }
    await work(5)
    await wait(2100)
    for (const keeper of [...keepers, ...keepers, ...keepers]) await keeper.keep(true)

    const { file, troubles } = await exportedLines({ redis, prefix: DEFAULT_PREFIX })
    expect(troubles).toEqual([])
    const { findings, remarks } = await verifyReceipts([{ name: 'after', open: () => file }], {
      publicKey: testSeals.signing.publicKey,
      against: heads.map(note => ({ name: 'a head of before', note })),
    })
    expect(findings).toEqual([])
    expect(remarks.join()).toContain('in a restart')
    expect(remarks.join().includes('the head of')).toBe(isHeadLost)
    expect(before.file.length).toBeGreaterThan(100)
  },
  120_000,
)
