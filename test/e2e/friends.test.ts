import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { createProducer } from '../../jobs/enqueue/producer.ts'
import { createQueueStatusReader } from '../../jobs/status/queue-status.ts'
import { startSimulator } from '../../simulator/index.ts'
import { eventually } from '../helpers/eventually.ts'
import { startWorkerProcess, workerSettingsFor } from '../helpers/processes/worker-process.ts'
import { testRedis } from '../helpers/redis/redis.ts'

const ACCOUNTS = 1000
const GROUP = 10
const EXTRA_CALLS_AT_MOST = 0.15

it('clears a thousand accounts that are friends in groups of ten, for less than 15 % more calls', async () => {
  const corner = testRedis()
  const redis = new Redis(corner.url, { maxRetriesPerRequest: null })
  const simulator = await startSimulator({
    users: { count: ACCOUNTS, groupsOf: GROUP },
    latency: { p50Ms: 40, p99Ms: 60 },
  })
  const producer = createProducer({ redis, prefix: corner.prefix })
  const readStatus = createQueueStatusReader(redis, corner.prefix, { ceilingPerSecond: 200, margin: 0.01 })
  const accounts = Array.from({ length: ACCOUNTS }, (_, index) => `user_${index + 1}`)
  await producer.enqueueMany(accounts)
  const worker = await startWorkerProcess(workerSettingsFor(simulator, corner))
  try {
    await eventually('all to be cleared', async () => (await readStatus()).outcomes.cleared === ACCOUNTS, 60_000)
    expect(accounts.filter(account => simulator.friendsOf(account).length > 0)).toEqual([])
    expect((await readStatus()).failed).toBe(0)
    const { calls, byCode } = simulator.figures().byCommand.friend_delete_all
    process.stderr.write(
      `friends of friends: ${calls} deletes for ${ACCOUNTS} accounts, ${byCode['30008'] ?? 0} conflicts\n`,
    )
    expect(calls).toBeLessThan(ACCOUNTS * (1 + EXTRA_CALLS_AT_MOST))
  } finally {
    await worker.stop()
    await simulator.close()
    await producer.close()
    await corner.cleanUp()
    redis.disconnect()
  }
})
