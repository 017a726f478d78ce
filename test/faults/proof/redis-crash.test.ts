/**
 * An honest crash is not told as an attack: Redis loses the end of its append-only file, as a host that loses its power
 * does with `appendfsync everysec`, while workers seal and a keeper signs. The log goes on and says what was lost.
 */
import { readdir, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type PrivateRedis, startPrivateRedis } from '../../../private-redis/private-redis.ts'
import { startWorkers } from './workers-with-keepers.ts'

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
  ['the last receipts, and no head', false],
  ['receipts, and heads that were signed over them by a keeper that trusted Redis too much', true],
])(
  'a crash that loses %s is told as a loss, and nothing else',
  async (_what, trustful) => {
    const { work, heads, lookForLoss, verify } = await startWorkers(redis, { trustful })
    await work(30)
    expect(heads.length).toBeGreaterThan(2)
    await server.kill()
    await loseEnd(server.dir, 60_000)
    await server.restart()
    await redis.ping()
    expect(Math.min(...(await lookForLoss()))).toBeGreaterThan(0)
    await work(5)
    const { findings, remarks } = await verify()
    expect(findings).toEqual([])
    expect(remarks.join()).toContain('in a restart')
    expect(remarks.join().includes('the head of')).toBe(trustful)
  },
  120_000,
)
