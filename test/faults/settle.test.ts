/**
 * Promise 3 of the design: every accepted account ends in exactly one outcome with exactly one receipt, and the figures
 * of its request are right, although a worker is killed at any step of a job.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createProducer, type Producer } from '../../jobs/enqueue/producer.ts'
import { createQueueStatusReader } from '../../jobs/status/queue-status.ts'
import { createRequestReader, type RequestStatus } from '../../jobs/status/request-status.ts'
import { type PrivateRedis, startPrivateRedis } from '../../private-redis/private-redis.ts'
import { DEFAULT_PREFIX, keysOf } from '../../redis/keys.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../simulator/index.ts'
import { eventually } from '../helpers/eventually.ts'
import { CRASH_STEPS, type CrashStep } from '../helpers/processes/crash-at.ts'
import { startWorkerProcess, type WorkerProcess, workerSettingsFor } from '../helpers/processes/worker-process.ts'
import { exportedLines, findingsIn, testSeals } from '../helpers/receipts/receipts.ts'
import { testSettle } from '../helpers/receipts/settling.ts'

const ACCOUNT = 'user_1'
const REQUEST = 'ticket-1'
const RATE = { ceilingPerSecond: 200, margin: 0 }
const { queue, deadLetterCodes, outcomes } = keysOf(DEFAULT_PREFIX)
const hook = fileURLToPath(new URL('../helpers/processes/crash-at.ts', import.meta.url))

let server: PrivateRedis
let redis: Redis
let producer: Producer
let simulator: Simulator
let workers: WorkerProcess[] = []

beforeAll(async () => {
  server = await startPrivateRedis()
  redis = new Redis(server.url, { maxRetriesPerRequest: null })
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})
beforeEach(() => {
  workers = []
  producer = createProducer({ redis })
})
afterEach(async () => {
  for (const worker of workers) worker.signal('SIGKILL')
  await Promise.all(workers.map(worker => worker.ended))
  await producer.close()
  await simulator.close()
  await redis.flushall()
})

const startVendor = async (options: SimulatorOptions = {}): Promise<void> => {
  simulator = await startSimulator({
    users: { count: 1, privateFriends: 2 },
    latency: { p50Ms: 60, p99Ms: 60 },
    ...options,
  })
}

async function startWorker(settings: Record<string, string> = {}): Promise<WorkerProcess> {
  const worker = await startWorkerProcess({
    ...workerSettingsFor(simulator, { url: server.url, prefix: DEFAULT_PREFIX }),
    LOG_LEVEL: 'debug',
    ...settings,
  })
  workers.push(worker)
  return worker
}

/** Enqueues the account for a worker that crashes at the step; resolves with the job's id after the crash. */
async function crashOneAt(step: CrashStep): Promise<string> {
  const worker = await startWorker({ NODE_OPTIONS: `--import ${hook}`, CRASH_AT: step })
  const { jobId } = await producer.enqueue(ACCOUNT, { request: REQUEST })
  expect(await worker.ended).toBe('SIGKILL')
  return jobId
}

/** Lets the lost worker's lock run out and a worker notice it at once, which otherwise takes 45 s. */
async function letLockRunOut(jobId: string): Promise<void> {
  await redis.del(`${queue}${jobId}:lock`, `${queue}stalled-check`)
  if ((await redis.lpos(`${queue}active`, jobId)) !== null) await redis.sadd(`${queue}stalled`, jobId)
}

const figures = (): Promise<RequestStatus> => createRequestReader(redis, DEFAULT_PREFIX, RATE)(REQUEST)

async function untilNothingIsLeft(): Promise<void> {
  // One script reads all states at the same moment: a job that moves between two reads would be in neither.
  const readQueue = createQueueStatusReader(redis, DEFAULT_PREFIX, RATE)
  const isEmpty = async (): Promise<boolean> => {
    const { waiting, active, delayed } = await readQueue()
    return waiting + active + delayed === 0
  }
  await eventually('the queue to be empty', isEmpty, 60_000)
}

async function receipts(): Promise<Record<string, unknown>[]> {
  const { file, lines, troubles } = await exportedLines({ redis, prefix: DEFAULT_PREFIX })
  expect(troubles).toEqual([])
  expect(await findingsIn(file)).toEqual([])
  return lines.map(line => JSON.parse(line))
}

describe('a worker that is killed', () => {
  it.each(CRASH_STEPS)('%s leaves one receipt and right figures', async step => {
    await startVendor()
    const jobId = await crashOneAt(step)
    await letLockRunOut(jobId)
    await startWorker()
    await untilNothingIsLeft()

    expect(await receipts()).toMatchObject([
      { outcome: 'cleared', verified: 'yes', requests: [REQUEST], account: testSeals.pseudonymOf(ACCOUNT) },
    ])
    expect(await figures()).toMatchObject({ accepted: 1, cleared: 1, verified: 1, pending: 0 })
    expect(await redis.hgetall(outcomes)).toEqual({ cleared: '1' })
    expect(await redis.exists(queue + jobId)).toBe(0)
    expect(simulator.friendsOf(ACCOUNT)).toEqual([])
  })

  it('when a job was settled and could not be completed has it ended as was written down, without a call', async () => {
    await startVendor({ faults: [{ accounts: { list: [ACCOUNT] }, answer: { code: 30001 }, times: 1 }] })
    const jobId = await crashOneAt('before-settle')
    const why = 'the vendor calls a parameter illegal'
    const settle = testSettle(redis, DEFAULT_PREFIX)
    await settle(jobId, 'dead_lettered', { account: ACCOUNT, requests: [REQUEST], verified: 'no', code: '30001', why })
    await letLockRunOut(jobId)
    await startWorker()
    await untilNothingIsLeft()

    // The vendor would clear the account now, if a worker asked it again.
    expect(simulator.ledgerOf(ACCOUNT)).toMatchObject({ okAnswers: 0 })
    expect(await receipts()).toMatchObject([{ outcome: 'dead_lettered', code: '30001', verified: 'no' }])
    expect(await figures()).toMatchObject({ accepted: 1, dead: 1, pending: 0 })
    expect(await redis.hgetall(deadLetterCodes)).toEqual({ 30001: '1' })
    expect(await redis.zrange(`${queue}failed`, '0', '-1')).toEqual([jobId])
    expect(await redis.hget(queue + jobId, 'failedReason')).toBe(`30001 ${why}`)
  })
})

describe('a worker that froze', () => {
  it.each([
    ['for a moment', 0],
    ['for longer than a request may take', 12_000],
  ])('%s and wakes up when another has finished its job leaves one receipt', async (_how, moreMs) => {
    await startVendor({ latency: { p50Ms: 1000, p99Ms: 1000 } })
    const frozen = await startWorker()
    const { jobId } = await producer.enqueue(ACCOUNT, { request: REQUEST })
    const hasArrived = async (): Promise<boolean> => simulator.figures().byCommand.friend_delete_all.calls > 0
    await eventually('the delete to arrive', hasArrived)
    frozen.signal('SIGSTOP')
    await letLockRunOut(jobId)
    await startWorker()
    await untilNothingIsLeft()
    await wait(moreMs)
    frozen.signal('SIGCONT')
    // The worker finds the job settled, or, when its own request timed out meanwhile, gone.
    const isTooLate = (line: string): boolean => /was settled before|the job is no longer ours/.test(line)
    await eventually('it to find the job ended', async () => frozen.logLines.some(isTooLate))
    expect(frozen.logLines.filter(line => line.includes('an attempt broke'))).toEqual([])

    expect(await receipts()).toHaveLength(1)
    expect(await figures()).toMatchObject({ accepted: 1, cleared: 1, pending: 0 })
    expect(await redis.hgetall(outcomes)).toEqual({ cleared: '1' })
    expect(await redis.exists(queue + jobId)).toBe(0)
  })
})
