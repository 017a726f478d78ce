import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createProducer, type Producer } from '../../jobs/enqueue/producer.ts'
import { openQueue } from '../../jobs/job/queue.ts'
import { Checkpoints } from '../../jobs/receipts/checkpoints.ts'
import { createQueueStatusReader, type QueueStatus } from '../../jobs/status/queue-status.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../simulator/index.ts'
import { eventually } from '../helpers/eventually.ts'
import { startWorkerProcess, type WorkerProcess, workerSettingsFor } from '../helpers/processes/worker-process.ts'
import { exportedLines, findingsIn, testSeals } from '../helpers/receipts/receipts.ts'
import { type TestRedis, testRedis } from '../helpers/redis/redis.ts'

let corner: TestRedis
let redis: Redis
let producer: Producer
let readStatus: () => Promise<QueueStatus>
let simulator: Simulator
let workers: WorkerProcess[]

beforeEach(() => {
  corner = testRedis()
  redis = new Redis(corner.url, { maxRetriesPerRequest: null })
  producer = createProducer({ redis, prefix: corner.prefix })
  readStatus = createQueueStatusReader(redis, corner.prefix, { ceilingPerSecond: 200, margin: 0.01 })
  workers = []
})

afterEach(async () => {
  await Promise.all(workers.map(worker => worker.stop()))
  await simulator.close()
  await producer.close()
  await corner.cleanUp()
  redis.disconnect()
})

const startVendor = async (options: SimulatorOptions): Promise<void> => {
  simulator = await startSimulator(options)
}

async function startWorker(settings: Record<string, string> = {}): Promise<WorkerProcess> {
  const worker = await startWorkerProcess({ ...workerSettingsFor(simulator, corner), ...settings })
  workers.push(worker)
  return worker
}

const settledSum = (status: QueueStatus): number => Object.values(status.outcomes).reduce((sum, n) => sum + n, 0)

const untilSettled = (jobs: number): Promise<void> =>
  eventually(`${jobs} jobs to be settled`, async () => settledSum(await readStatus()) === jobs, 60_000)

const accounts = (n: number): string[] => Array.from({ length: n }, (_, index) => `user_${index + 1}`)

describe('a worker process', () => {
  it('clears every account exactly once, whatever fails once on the way', async () => {
    await startVendor({
      users: { count: 120, privateFriends: 2, missingShare: 0.05 },
      faults: [
        { accounts: { share: 0.1 }, answer: { code: 30006 }, times: 1 },
        { accounts: { share: 0.1 }, answer: { code: 30007 }, times: 1 },
        { accounts: { share: 0.1 }, answer: { code: 30008 }, times: 1 },
        { accounts: { share: 0.05 }, answer: { http: 502 }, times: 1 },
      ],
    })
    await producer.enqueueMany(accounts(120))
    await startWorker()
    await untilSettled(120)

    const lines = [...simulator.ledger()]
    const imported = lines.filter(line => line.imported)
    expect(lines).toHaveLength(120)
    expect(imported.length).toBeLessThan(120)
    expect(imported.filter(line => line.okAnswers !== 1)).toEqual([])
    expect(imported.filter(line => line.friendsLeft !== 0)).toEqual([])
    const status = await readStatus()
    expect(status.outcomes).toMatchObject({ cleared: imported.length, not_imported: 120 - imported.length })
    expect(status).toMatchObject({ waiting: 0, active: 0, delayed: 0, failed: 0 })
    const figures = simulator.figures()
    expect(figures).toMatchObject({ badSignatures: 0, badRequests: 0, repeatedRandoms: 0 })
    expect(figures.byCommand.friend_delete_all.worstSecond.calls).toBeLessThanOrEqual(200)
  })

  it('deletes both ways by default and one way where the job says so', async () => {
    await startVendor({
      users: {
        listed: ['user_a', 'user_b', 'user_c', 'user_d'].map((account, index, all) => ({
          account,
          friends: [all[index ^ 1] ?? ''],
        })),
      },
    })
    await producer.enqueue('user_a')
    await producer.enqueue('user_c', { deleteType: 'single' })
    await startWorker()
    await untilSettled(2)
    expect(simulator.friendsOf('user_a')).toEqual([])
    expect(simulator.friendsOf('user_b')).toEqual([])
    expect(simulator.friendsOf('user_c')).toEqual([])
    expect(simulator.friendsOf('user_d')).toEqual(['user_c'])
  })

  it('makes a dead letter with code and reason, without stack and user id, of what will never work', async () => {
    await startVendor({
      users: { count: 3 },
      faults: [{ accounts: { list: ['user_2'] }, answer: { code: 30001 }, times: 'always' }],
    })
    await producer.enqueueMany(accounts(3))
    await startWorker()
    await untilSettled(3)
    const queue = await openQueue(redis, corner.prefix)
    const [failed] = await queue.getFailed()
    await queue.close()
    expect(failed?.failedReason).toBe('30001 the vendor calls a parameter illegal')
    expect(failed?.stacktrace).toEqual([])
    expect((await readStatus()).outcomes).toMatchObject({ cleared: 2, dead_lettered: 1 })
  })

  it('goes on when the queue holds a job that somebody wrote by hand', async () => {
    await startVendor({ users: { count: 1 } })
    const queue = await openQueue(redis, corner.prefix)
    await queue.add('clear', { v: 2, account: 'user_of_tomorrow', due: 1 })
    await queue.add('clear', 'user_secret')
    await producer.enqueue('user_1')
    await startWorker()
    await untilSettled(3)
    const reasons = (await queue.getFailed()).map(job => job.failedReason).sort()
    await queue.close()
    expect(reasons).toEqual([
      'invalid_job the job data is not valid: the data is not an object',
      'invalid_job the job data is not valid: the version is not 1',
    ])
    expect(simulator.ledgerOf('user_1').okAnswers).toBe(1)
  })

  it('gives up after MAX_ATTEMPTS and says so', async () => {
    await startVendor({ users: { count: 1 }, faults: [{ accounts: 'all', answer: { code: 30008 }, times: 'always' }] })
    await producer.enqueue('user_1')
    await startWorker({ MAX_ATTEMPTS: '2' })
    await untilSettled(1)
    const queue = await openQueue(redis, corner.prefix)
    const [failed] = await queue.getFailed()
    await queue.close()
    expect(failed?.failedReason).toMatch(/^30008 .*; given up after 2 attempts$/)
    expect(simulator.figures().byCommand.friend_delete_all.calls).toBe(2)
  })

  it('finishes what is sent at SIGTERM, hands back the rest unspent, and exits with 0', async () => {
    await startVendor({ users: { count: 400 }, latency: { p50Ms: 300, p99Ms: 300 } })
    await producer.enqueueMany(accounts(400))
    const worker = await startWorker({ DRAIN_SECONDS: '10', VERIFY: 'off' })
    await eventually('calls to be under way', async () => simulator.figures().byCommand.friend_delete_all.calls > 50)
    worker.signal('SIGTERM')
    expect(await worker.ended).toBe(0)

    const { calls } = simulator.figures().byCommand.friend_delete_all
    const status = await readStatus()
    expect(status).toMatchObject({ active: 0, delayed: 0, failed: 0 })
    expect(status.outcomes.cleared).toBe(calls)
    expect(status.waiting).toBe(400 - calls)
    const queue = await openQueue(redis, corner.prefix)
    const attempts = (await queue.getPrioritized()).map(job => job.attemptsMade)
    await queue.close()
    expect(new Set(attempts)).toEqual(new Set([0]))
  })

  it('seals the receipts when it ends, so that none can be changed in Redis unseen', async () => {
    await startVendor({ users: { count: 5 } })
    await producer.enqueueMany(accounts(5), { request: 'ticket-1' })
    const worker = await startWorker()
    await untilSettled(5)
    expect(await worker.stop()).toBe(0)
    const newest = await new Checkpoints(redis, corner.prefix, testSeals).newest(1)
    expect(newest).toMatchObject([{ seq: 5, state: 'good' }])
    const { lines, troubles } = await exportedLines({ redis, prefix: corner.prefix })
    expect(troubles).toEqual([])
    expect(lines.map(line => JSON.parse(line))).toMatchObject(
      Array.from({ length: 5 }, (_, index) => ({
        ...{ v: 1, seq: index + 1, request: 'ticket-1', outcome: 'cleared', verified: 'yes', code: null },
        ...{ calls: 2, attempts: 1 },
      })),
    )
    expect(await findingsIn(lines)).toEqual([])
  })

  it('exits at once at the second signal', async () => {
    await startVendor({ users: { count: 5 }, faults: [{ accounts: 'all', answer: 'hang', times: 'always' }] })
    await producer.enqueueMany(accounts(5))
    const worker = await startWorker({ DRAIN_SECONDS: '60' })
    await eventually('calls to hang', async () => simulator.figures().byCommand.friend_delete_all.calls === 5)
    worker.signal('SIGTERM')
    await eventually('the drain to begin', async () => worker.logLines.some(line => line.includes('"draining"')))
    worker.signal('SIGTERM')
    expect(await worker.ended).toBe(1)
  })

  it('stops within DRAIN_SECONDS when a call hangs', async () => {
    await startVendor({ users: { count: 5 }, faults: [{ accounts: 'all', answer: 'hang', times: 'always' }] })
    await producer.enqueueMany(accounts(5))
    const worker = await startWorker({ DRAIN_SECONDS: '1' })
    await eventually('calls to hang', async () => simulator.figures().byCommand.friend_delete_all.calls === 5)
    worker.signal('SIGTERM')
    expect(await worker.ended).toBe(1)
    expect((await readStatus()).active).toBe(5)
  })

  it('reuses its connections', async () => {
    await startVendor({ users: { count: 150 }, latency: { p50Ms: 20, p99Ms: 20 } })
    await producer.enqueueMany(accounts(150))
    await startWorker()
    await untilSettled(150)
    expect(simulator.figures().connections).toBeLessThan(100)
  })

  it('answers health checks and shows its figures', async () => {
    await startVendor({
      users: { count: 3 },
      faults: [{ accounts: { list: ['user_2'] }, answer: { code: 30006 }, times: 1 }],
    })
    await producer.enqueueMany(accounts(3))
    const worker = await startWorker()
    await untilSettled(3)
    expect((await fetch(`${worker.url}/healthz`)).status).toBe(200)
    expect((await fetch(`${worker.url}/readyz`)).status).toBe(200)
    const readMetrics = async (): Promise<string> => (await fetch(`${worker.url}/metrics`)).text()
    const text = await readMetrics()
    expect(text).toContain('clear_friends_api_requests_total{command="friend_delete_all",code="0"} 3')
    expect(text).toContain('clear_friends_api_requests_total{command="friend_delete_all",code="30006"} 1')
    expect(text).toContain('clear_friends_jobs_settled_total{outcome="cleared"} 3')
    expect(text).toContain('clear_friends_permits_total{command="friend_delete_all",result="used"} 4')
    expect(text).toContain('clear_friends_queue_jobs{state="waiting"} 0')
    expect(text).toContain('clear_friends_rate_allowed_per_second{command="friend_delete_all"} 200')
    const peak = /clear_friends_peak_calls_per_second\{command="friend_delete_all"\} [1-4]\n/
    await eventually('the peak of the calls', async () => peak.test(await readMetrics()))
    expect(text).not.toMatch(/user_\d/)
  })

  it('writes no user id to its log, even at trace', async () => {
    await startVendor({
      users: { count: 40 },
      faults: [
        { accounts: { list: ['user_7'] }, answer: { code: 30001 }, times: 'always' },
        { accounts: { list: ['user_8'] }, answer: 'reset-after-read', times: 1 },
        { accounts: { list: ['user_9'] }, answer: { code: 30008 }, times: 1 },
      ],
    })
    await producer.enqueueMany(accounts(40))
    const worker = await startWorker({ LOG_LEVEL: 'trace' })
    await untilSettled(40)
    await worker.stop()
    const text = worker.logLines.join('\n') + worker.errorText()
    expect(text).toContain('"settled"')
    expect(text).not.toMatch(/user_\d/)
  })
})
