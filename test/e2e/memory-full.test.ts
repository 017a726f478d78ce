import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { startPrivateRedis } from '../../cli/demo/private-redis.ts'
import { createProducer, DEFAULT_PREFIX, keysOf } from '../../jobs/index.ts'
import { startSimulator } from '../../simulator/index.ts'
import { eventually } from '../helpers/eventually.ts'
import { startWorkerProcess, workerSettingsFor } from '../helpers/worker-process.ts'

const ACCOUNTS = 400

it('a queue is drained while the memory of Redis is full, because a job that ends makes room: each account once', async () => {
  const { url, stop } = await startPrivateRedis()
  onTestFinished(stop)
  const redis = new Redis(url)
  onTestFinished(() => redis.disconnect())
  const simulator = await startSimulator({ users: { count: ACCOUNTS } })
  onTestFinished(() => simulator.close())
  const producer = createProducer({ redis: url })
  await producer.enqueueMany(
    Array.from({ length: ACCOUNTS }, (_, n) => `user_${n + 1}`),
    { request: 'ticket-1' },
  )
  await producer.close()
  const worker = await startWorkerProcess(workerSettingsFor(simulator, { url, prefix: DEFAULT_PREFIX }))
  onTestFinished(async () => {
    worker.signal('SIGKILL')
    await worker.ended
  })
  const keys = keysOf(DEFAULT_PREFIX)
  const ended = () => redis.xlen(keys.receipts)
  await eventually('the first to end', async () => (await ended()) > 0)
  await redis.config('SET', 'maxmemory', '1')
  await expect(redis.set('anything', 'else')).rejects.toThrow('OOM')

  await eventually('all to end', async () => (await ended()) === ACCOUNTS)
  const { calls, byCode } = simulator.figures().byCommand.friend_delete_all
  expect({ calls, byCode }).toEqual({ calls: ACCOUNTS, byCode: { 0: ACCOUNTS } })
  expect(await redis.hgetall(`${keys.requests}ticket-1`)).toMatchObject({ cleared: String(ACCOUNTS) })
  expect(await worker.stop()).toBe(0)
  expect(await redis.keys(`${keys.queue}*:lock`)).toEqual([])
})
