import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createFleetControl,
  createFleetStatusReader,
  createProducer,
  type FleetStatus,
  openQueue,
  type Producer,
} from '../../jobs/index.ts'
import { DEFAULT_APP, type Simulator, startSimulator } from '../../simulator/index.ts'
import { eventually } from '../helpers/eventually.ts'
import { type TestRedis, testRedis } from '../helpers/redis.ts'
import { startWorkerProcess, type WorkerProcess, workerSettingsFor } from '../helpers/worker-process.ts'

const ACCOUNTS = 2000

let corner: TestRedis
let redis: Redis
let producer: Producer
let readStatus: () => Promise<FleetStatus>
let simulator: Simulator
let workers: WorkerProcess[]

beforeEach(async () => {
  corner = testRedis()
  redis = new Redis(corner.url, { maxRetriesPerRequest: null })
  producer = createProducer({ redis, prefix: corner.prefix })
  readStatus = createFleetStatusReader(redis, corner.prefix, { ceilingPerSecond: 200, margin: 0.01 })
  simulator = await startSimulator({ users: { count: ACCOUNTS }, latency: { p50Ms: 30, p99Ms: 60 } })
  workers = []
  await producer.enqueueMany(Array.from({ length: ACCOUNTS }, (_, index) => `user_${index + 1}`))
})

afterEach(async () => {
  await Promise.all(workers.map(worker => worker.stop()))
  await simulator.close()
  await producer.close()
  await corner.cleanUp()
  redis.disconnect()
})

async function startFleet(settings: Record<string, string> = {}): Promise<void> {
  const environment = { ...workerSettingsFor(simulator, corner), ...settings }
  workers = await Promise.all([startWorkerProcess(environment), startWorkerProcess(environment)])
}

const calls = (): number =>
  simulator.figures().byCommand.friend_delete_all.calls + simulator.figures().byCommand.friend_get.calls

const untilCalls = (n: number): Promise<void> => eventually(`${n} calls`, async () => calls() >= n)

const untilHalted = (): Promise<void> => eventually('the halt', async () => (await readStatus()).halted !== null)

const untilGoingOn = (): Promise<void> =>
  eventually('the fleet to go on by itself', async () => (await readStatus()).halted === null, 30_000)

async function attemptsSpent(): Promise<number> {
  const queue = await openQueue(redis, corner.prefix)
  const jobs = await queue.getJobs(['prioritized', 'waiting', 'delayed', 'active'])
  await queue.close()
  return jobs.reduce((sum, job) => sum + job.attemptsMade, 0)
}

const faults: readonly (readonly [string, string, () => void, () => void])[] = [
  [
    'the key is another one',
    '70009',
    () => simulator.setKey('f'.repeat(64)),
    () => simulator.setKey(DEFAULT_APP.keys ?? []),
  ],
  [
    'the admin right is taken away',
    '60010',
    () => simulator.setApp({ admins: ['somebody'] }),
    () => simulator.setApp({ admins: ['administrator'] }),
  ],
]

describe('a fault of our own', () => {
  it.each(faults)(
    'halts the whole fleet when %s (%s), burns no job, and goes on by itself',
    async (_, code, breakIt, mendIt) => {
      await startFleet()
      await untilCalls(100)
      breakIt()
      await untilHalted()
      const before = calls()
      expect((await readStatus()).halted).toMatchObject({ code })
      await eventually(
        'a probe',
        async () =>
          simulator.figures().byCommand.friend_get.calls > 0 &&
          workers.some(w => w.logLines.some(l => l.includes('still halted'))),
        30_000,
      )
      // Calls under way at the halt may still arrive; a probe is one call.
      expect(calls() - before).toBeLessThanOrEqual(30)
      expect((await readStatus()).queue.failed).toBe(0)
      expect(await attemptsSpent()).toBe(0)
      mendIt()
      await untilGoingOn()
      const resumedAt = calls()
      await untilCalls(resumedAt + 50)
      expect((await readStatus()).queue.failed).toBe(0)
    },
  )

  it('stops sending at once: no more calls than were under way at the first such answer', async () => {
    await startFleet()
    await untilCalls(150)
    simulator.setApp({ standing: 'disabled' })
    await untilHalted()
    await eventually('the last call to be answered', async () => (await readStatus()).queue.active === 0)
    const refused = simulator.figures().byCode['60016'] ?? 0
    // 200 calls a second at 30 to 60 ms: about ten are under way.
    expect(refused).toBeGreaterThan(0)
    expect(refused).toBeLessThanOrEqual(25)
  })

  it('halts when the vendor knows none of the first accounts, and waits for a person', async () => {
    const strangers = Array.from({ length: 60 }, (_, index) => `stranger_${index}`)
    const queue = await openQueue(redis, corner.prefix)
    await queue.obliterate({ force: true })
    await producer.enqueueMany(strangers)
    await startFleet()
    await untilHalted()
    const { halted, outcomes } = await readStatus()
    expect(halted).toMatchObject({ code: 'too_many_missing' })
    expect(outcomes.not_imported).toBeLessThan(40)
    await createFleetControl(redis, queue, corner.prefix).resume()
    await eventually('the rest to be settled', async () => (await readStatus()).outcomes.not_imported === 60, 30_000)
    await queue.close()
  })
})
