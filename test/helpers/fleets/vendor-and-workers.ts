/**
 * Real worker processes at a simulator in this process, for end-to-end tests. Their Redis is a key space of the run's
 * server, or a server of the test's own. One fleet may serve a whole file if its tests use different accounts.
 */
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import { createProducer, type Entry, type Producer } from '../../../jobs/enqueue/producer.ts'
import { type ClearFriendsQueue, openQueue } from '../../../jobs/job/queue.ts'
import { createFleetControl, type FleetControl } from '../../../jobs/status/fleet-control.ts'
import { createFleetStatusReader, type FleetStatus } from '../../../jobs/status/fleet-status.ts'
import { DEFAULT_PREFIX } from '../../../redis/keys.ts'
import { type AnswerRecord, type Simulator, type SimulatorOptions, startSimulator } from '../../../simulator/index.ts'
import { eventually } from '../eventually.ts'
import { startWorkerProcess, type WorkerProcess, workerSettingsFor } from '../processes/worker-process.ts'
import { type KeySpace, testRedis } from '../redis/redis.ts'

/** A worker's log line on a job that ended; it holds no user id. */
const settledSchema = z.object({
  msg: z.literal('settled'),
  jobId: z.string(),
  outcome: z.string(),
  reason: z.string().optional(),
  attempts: z.number(),
  calls: z.number(),
})

/** See {@link settledSchema}. */
export type SettledLine = z.infer<typeof settledSchema>

/** A simulator and workers that run. */
export interface VendorAndWorkers {
  readonly simulator: Simulator
  /** Every answer of the simulator so far. */
  readonly answers: readonly AnswerRecord[]
  readonly workers: readonly WorkerProcess[]
  /** Settings that lead a command of this program to the same fleet. */
  readonly settings: Readonly<Record<string, string>>
  /** A connection of the tests' own. */
  readonly redis: Redis
  readonly prefix: string
  /** Starts another worker, and resolves when it is ready. */
  addWorker(settings?: Readonly<Record<string, string>>): Promise<WorkerProcess>
  readonly producer: Producer
  readonly queue: ClearFriendsQueue
  readonly control: FleetControl
  readonly readStatus: () => Promise<FleetStatus>
  enqueue(accounts: Iterable<Entry>): Promise<void>
  /**
   * Waits until this many jobs, all in all, have their final outcome and no job is in hand: BullMQ completes a job a
   * moment after it was settled.
   */
  untilSettled(jobs: number, timeoutMs?: number): Promise<void>
  /** Brings back jobs that wait for their next attempt, so that the test does not wait as well. */
  hurry(): Promise<void>
  /** The workers' log lines on jobs that ended, at `LOG_LEVEL=debug`, as soon as there are so many. */
  settledLines(jobs: number): Promise<SettledLine[]>
  stop(): Promise<void>
}

/** Options of the simulator and the workers. */
export interface VendorAndWorkersOptions {
  /** Default: it takes any number of calls a second, so that it refuses none that a busy machine delays. */
  readonly simulator?: SimulatorOptions
  /** How many worker processes; default 1. */
  readonly workers?: number
  /** Settings on top of those that lead to Redis and the simulator, and `LOG_LEVEL=debug`. */
  readonly settings?: Readonly<Record<string, string>>
  /** A server that the test may break; the caller stops it. Default: a key space of the run's Redis. */
  readonly server?: { readonly url: string }
}

/** More calls per second than any test can send. */
const UNLIMITED = 1_000_000

/** Starts a fleet that ends with the test. */
export async function fleetForTest(options: VendorAndWorkersOptions = {}): Promise<VendorAndWorkers> {
  const fleet = await startVendorAndWorkers(options)
  onTestFinished(() => fleet.stop())
  return fleet
}

/** Starts a simulator and workers, and resolves when all are ready. */
export async function startVendorAndWorkers(options: VendorAndWorkersOptions = {}): Promise<VendorAndWorkers> {
  const { server } = options
  const keySpace: KeySpace =
    server === undefined ? testRedis() : { url: server.url, prefix: DEFAULT_PREFIX, cleanUp: async () => {} }
  const redis = new Redis(keySpace.url, { maxRetriesPerRequest: null })
  const answers: AnswerRecord[] = []
  const simulator = await startSimulator({
    limitPerSecond: UNLIMITED,
    ...options.simulator,
    onAnswer: record => void answers.push(record),
  })
  const producer = createProducer({ redis, prefix: keySpace.prefix })
  const queue = await openQueue(redis, keySpace.prefix)
  const readStatus = createFleetStatusReader(redis, keySpace.prefix, { ceilingPerSecond: 200, margin: 0.01 })
  const settings = { ...workerSettingsFor(simulator, keySpace), LOG_LEVEL: 'debug', ...options.settings }
  const workers = await Promise.all(Array.from({ length: options.workers ?? 1 }, () => startWorkerProcess(settings)))
  const areSettled = async (jobs: number): Promise<boolean> => {
    const { outcomes, queue } = await readStatus()
    return queue.active === 0 && Object.values(outcomes).reduce((sum, count) => sum + count, 0) >= jobs
  }
  const settledLines = (): SettledLine[] => workers.flatMap(worker => worker.logLines.flatMap(parseSettled))
  return {
    simulator,
    answers,
    workers,
    settings,
    redis,
    prefix: keySpace.prefix,
    addWorker: async (more = {}) => {
      const worker = await startWorkerProcess({ ...settings, ...more })
      workers.push(worker)
      return worker
    },
    producer,
    queue,
    control: createFleetControl(redis, queue, keySpace.prefix),
    readStatus,
    enqueue: async accounts => void (await producer.enqueueMany(accounts)),
    untilSettled: (jobs, timeoutMs = 60_000) =>
      eventually(`${jobs} jobs to be settled`, () => areSettled(jobs), timeoutMs),
    hurry: async () => {
      for (const job of await queue.getDelayed()) await job.promote().catch(() => {})
    },
    settledLines: async jobs => {
      await eventually('the log', async () => settledLines().length >= jobs)
      return settledLines()
    },
    stop: async () => {
      await Promise.all(workers.map(worker => worker.stop()))
      await simulator.close()
      await queue.close()
      await producer.close()
      await keySpace.cleanUp()
      redis.disconnect()
    },
  }
}

function parseSettled(line: string): SettledLine[] {
  if (!line.includes('"settled"')) return []
  const parsed = settledSchema.safeParse(JSON.parse(line))
  return parsed.success ? [parsed.data] : []
}
