/** Promise 3 of the design: a replay that is killed loses no account and enqueues none twice. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRequestReader } from '../../jobs/status/request-status.ts'
import { type PrivateRedis, startPrivateRedis } from '../../private-redis/private-redis.ts'
import { DEFAULT_PREFIX, keysOf } from '../../redis/keys.ts'
import { runCommand } from '../helpers/commands/run-command.ts'
import { eventually } from '../helpers/eventually.ts'
import { startCommand } from '../helpers/processes/start-command.ts'

const DEAD_LETTERS = 20_000
const keys = keysOf(DEFAULT_PREFIX)

let server: PrivateRedis
let redis: Redis
beforeAll(async () => {
  server = await startPrivateRedis()
  redis = new Redis(server.url, { maxRetriesPerRequest: null })
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

/** Writes dead letters as a settle and BullMQ leave them. */
async function writeDeadLetters(): Promise<void> {
  const pipeline = redis.pipeline()
  for (let number = 0; number < DEAD_LETTERS; number++) {
    const account = `user_${number}`
    const data = JSON.stringify({ v: 1, account, request: 'ticket-1', due: 2_000_000_000 })
    const opts = JSON.stringify({ priority: 5, de: { id: account } })
    const job = { name: 'c', data, opts, deid: account, settled: 'dead_lettered', code: '30001', counted: 1, atm: 3 }
    pipeline.hset(`${keys.queue}made-up-${number}`, { ...job, timestamp: 1000, finishedOn: 1000 + number })
    pipeline.zadd(`${keys.queue}failed`, 1000 + number, `made-up-${number}`)
  }
  pipeline.hset(keys.deadLetterCodes, '30001', DEAD_LETTERS)
  pipeline.hset(`${keys.requests}ticket-1`, { accepted: DEAD_LETTERS, dead_lettered: DEAD_LETTERS, firstAt: 1000 })
  await pipeline.exec()
}

async function accountsInLine(): Promise<string[]> {
  const jobIds = await redis.zrange(`${keys.queue}prioritized`, '0', '-1')
  const data = await Promise.all(jobIds.map(jobId => redis.hget(keys.queue + jobId, 'data')))
  return data.map(text => String(JSON.parse(text ?? '{}').account))
}

it('is killed in the middle, and run again replays the rest', async () => {
  await writeDeadLetters()
  const settings = { REDIS_URL: server.url }
  const replay = startCommand(['failed', 'replay', '--all'], settings)
  await eventually('it to be under way', async () => (await redis.zcard(`${keys.queue}prioritized`)) > 500)
  replay.signal('SIGKILL')
  await replay.ended
  const waiting = await redis.zcard(`${keys.queue}prioritized`)
  expect(waiting).toBeLessThan(DEAD_LETTERS)
  expect(waiting + (await redis.zcard(`${keys.queue}failed`))).toBe(DEAD_LETTERS)
  const read = createRequestReader(redis, DEFAULT_PREFIX, { ceilingPerSecond: 200, margin: 0 })
  expect(await read('ticket-1')).toMatchObject({
    accepted: DEAD_LETTERS,
    dead: DEAD_LETTERS - waiting,
    pending: waiting,
  })

  const again = await runCommand(['failed', 'replay', '--all', '--json'], settings)
  expect(JSON.parse(again.stdout)).toEqual({ replayed: DEAD_LETTERS - waiting })
  const accounts = await accountsInLine()
  expect(accounts).toHaveLength(DEAD_LETTERS)
  expect(new Set(accounts).size).toBe(DEAD_LETTERS)
  expect(await read('ticket-1')).toMatchObject({ accepted: DEAD_LETTERS, dead: 0, pending: DEAD_LETTERS })
  expect(await redis.hgetall(keys.deadLetterCodes)).toEqual({})
})
