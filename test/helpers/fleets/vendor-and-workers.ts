/**
 * Real worker processes at a simulator in this process, with a corner of the run's Redis: what an end-to-end test
 * needs. One of it may serve a whole file, since accounts of different tests do not meet.
 */
import { Redis } from 'ioredis'
import { z } from 'zod'
import { createProducer, type Entry, type Producer } from '../../../jobs/enqueue/producer.ts'
import { type ClearFriendsQueue, openQueue } from '../../../jobs/job/queue.ts'
import { createFleetControl, type FleetControl } from '../../../jobs/status/fleet-control.ts'
import { createFleetStatusReader, type FleetStatus } from '../../../jobs/status/fleet-status.ts'
import { type AnswerRecord, type Simulator, type SimulatorOptions, startSimulator } from '../../../simulator/index.ts'
import { eventually } from '../eventually.ts'
import { startWorkerProcess, type WorkerProcess, workerSettingsFor } from '../processes/worker-process.ts'
import { testRedis } from '../redis/redis.ts'

/** What the worker's log says of a job that ended; user ids are not in it. */
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
  /** What leads a command of this program to the same fleet. */
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
  /** Waits until so many jobs have their final outcome, all in all. */
  untilSettled(jobs: number, timeoutMs?: number): Promise<void>
  /** What the workers logged of jobs that ended, at `LOG_LEVEL=debug`. */
  settledLines(): SettledLine[]
  stop(): Promise<void>
}

/** How to start it. */
export interface VendorAndWorkersOptions {
  readonly simulator?: SimulatorOptions
  /** How many worker processes; default 1. */
  readonly workers?: number
  /** Settings on top of those that lead to Redis and the simulator, and `LOG_LEVEL=debug`. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Starts a simulator and workers, and resolves when all are ready. */
export async function startVendorAndWorkers(options: VendorAndWorkersOptions = {}): Promise<VendorAndWorkers> {
  const corner = testRedis()
  const redis = new Redis(corner.url, { maxRetriesPerRequest: null })
  const answers: AnswerRecord[] = []
  const simulator = await startSimulator({ ...options.simulator, onAnswer: record => void answers.push(record) })
  const producer = createProducer({ redis, prefix: corner.prefix })
  const queue = await openQueue(redis, corner.prefix)
  const readStatus = createFleetStatusReader(redis, corner.prefix, { ceilingPerSecond: 200, margin: 0.01 })
  const settings = { ...workerSettingsFor(simulator, corner), LOG_LEVEL: 'debug', ...options.settings }
  const workers = await Promise.all(Array.from({ length: options.workers ?? 1 }, () => startWorkerProcess(settings)))
  const countSettled = async (): Promise<number> =>
    Object.values((await readStatus()).outcomes).reduce((sum, jobs) => sum + jobs, 0)
  return {
    simulator,
    answers,
    workers,
    settings,
    redis,
    prefix: corner.prefix,
    addWorker: async (more = {}) => {
      const worker = await startWorkerProcess({ ...settings, ...more })
      workers.push(worker)
      return worker
    },
    producer,
    queue,
    control: createFleetControl(redis, queue, corner.prefix),
    readStatus,
    enqueue: async accounts => void (await producer.enqueueMany(accounts)),
    untilSettled: (jobs, timeoutMs = 60_000) =>
      eventually(`${jobs} jobs to be settled`, async () => (await countSettled()) >= jobs, timeoutMs),
    settledLines: () => workers.flatMap(worker => worker.logLines.flatMap(parseSettled)),
    stop: async () => {
      await Promise.all(workers.map(worker => worker.stop()))
      await simulator.close()
      await queue.close()
      await producer.close()
      await corner.cleanUp()
      redis.disconnect()
    },
  }
}

function parseSettled(line: string): SettledLine[] {
  if (!line.includes('"settled"')) return []
  const parsed = settledSchema.safeParse(JSON.parse(line))
  return parsed.success ? [parsed.data] : []
}
