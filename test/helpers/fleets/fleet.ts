/**
 * Real workers under load with everything they need: a Redis of their own that a test may break, the simulator in a
 * process of its own, which counts calls and refuses none, and a queue with jobs.
 */
import { Redis } from 'ioredis'
import { expect } from 'vitest'
import { createProducer } from '../../../jobs/enqueue/producer.ts'
import { type PrivateRedis, startPrivateRedis } from '../../../private-redis/private-redis.ts'
import { DEFAULT_PREFIX } from '../../../redis/keys.ts'
import { eventually } from '../eventually.ts'
import { type SimulatorProcess, startSimulatorProcess } from '../processes/simulator-process.ts'
import { startWorkerProcess, type WorkerProcess, workerSettingsFor } from '../processes/worker-process.ts'
import { LATE_BY_NOISE, type Seen, sumUp } from '../vendor/arrivals.ts'
import { type Arrivals, type ArrivalWatch, watchArrivals } from '../vendor/watched-arrivals.ts'

/** The vendor's ceiling, calls per second. */
export const CEILING = 200
/** The command that clears; nearly all calls of a fleet are of this one. */
export const COMMAND = 'friend_delete_all'
/** More calls per second than any test can send, so that the simulator refuses none. */
const UNLIMITED = '1000000'

/** Reasons for which a job goes back without having used an attempt. */
const SNOOZES = new Set(['paused', 'halted', 'aborted', 'unready', 'draining', '60007', '60011', '60018', '60019'])

/** A question costs the simulator or worker that answers it time on a core that the fleet needs. */
const ASK_EVERY_MS = 250

/** How to start a fleet; everything has a default. */
export interface FleetOptions {
  /** Default 4. */
  readonly workers?: number
  /** Jobs in the queue at the start. Default 20,000: more than a minute and a half of work. */
  readonly jobs?: number
  /** Settings of a worker, by its number from 0, on top of those that lead to Redis and the simulator. */
  readonly settings?: (
    worker: number,
    fleet: Pick<Fleet, 'redis' | 'simulator'>,
  ) => WorkerSettings | Promise<WorkerSettings>
  /** Options of the simulator, on top of no ceiling, 20 ms latency and any account. */
  readonly simulatorArgs?: readonly string[]
  /** The Redis that holds the queue; the caller stops it. Default: one of the fleet's own. */
  readonly redis?: PrivateRedis
}

type WorkerSettings = Readonly<Record<string, string>>

/** A running fleet. */
export interface Fleet {
  readonly redis: PrivateRedis
  readonly simulator: SimulatorProcess
  /** In the order of their start; without those that {@link killWorkers} ended. */
  readonly workers: readonly WorkerProcess[]
  /** A connection of the tests' own to the fleet's Redis. */
  readonly client: Redis
  addWorkers(count: number): Promise<void>
  /** Ends the first `count` workers with SIGKILL. */
  killWorkers(count: number): Promise<void>
  /** Drains the last workers, as a rollout does, until `count` are left. */
  drainWorkersTo(count: number): Promise<void>
  enqueue(jobs: number): Promise<void>
  /** Times at which clearing calls arrived so far, ms. */
  arrivals(): Promise<number[]>
  /** Waits until this many further calls have arrived. */
  untilFurtherCalls(calls: number, timeoutMs?: number): Promise<void>
  /** Waits until every worker has made a further call. */
  untilAllCall(timeoutMs?: number): Promise<void>
  /** Attempts that jobs have lost so far, over all workers. */
  attemptsLost(): Promise<number>
  /** Begins to watch; the function it gives sums up the calls from a second before this moment until now. */
  watch(): () => Promise<Watched>
  /** Sums up the calls of the fleet so far. */
  watched(): Promise<Watched>
  stop(): Promise<void>
}

/** Figures of the calls that arrived, and whose stamps they rest on. */
export type Watched = Seen & Pick<Arrivals, 'stampedBy'>

/** Starts a fleet and resolves when it has sent {@link CEILING} calls. */
export async function startFleet(options: FleetOptions = {}): Promise<Fleet> {
  const redis = options.redis ?? (await startPrivateRedis())
  const simulator = await startSimulatorProcess([
    ...['--users', 'all', '--limit', UNLIMITED, '--latency', '20ms'],
    ...(options.simulatorArgs ?? []),
  ])
  const watch = await watchArrivals(simulator.url, COMMAND)
  const fleet = new RunningFleet(redis, simulator, watch, options)
  try {
    await fleet.enqueue(options.jobs ?? 20_000)
    await fleet.addWorkers(options.workers ?? 4)
    await fleet.untilFurtherCalls(CEILING)
    return fleet
  } catch (error) {
    await fleet.stop()
    throw error
  }
}

/**
 * Asserts promise 1: no rolling second held more calls than the ceiling.
 *
 * @returns its argument, for further questions
 */
export function expectLimitHeld<T extends Watched>(seen: T): T {
  expect(seen.peakOfSecond, 'calls in the worst rolling second').toBeLessThanOrEqual(CEILING + noiseIn(seen))
  return seen
}

/** Calls that may count in the second behind their own: none by the stamps of the kernel. */
export const noiseIn = ({ stampedBy }: Pick<Arrivals, 'stampedBy'>): number =>
  stampedBy === 'the kernel' ? 0 : LATE_BY_NOISE

class RunningFleet implements Fleet {
  readonly redis: PrivateRedis
  readonly simulator: SimulatorProcess
  readonly workers: WorkerProcess[] = []
  readonly client: Redis
  readonly #options: FleetOptions
  readonly #watch: ArrivalWatch
  #started = 0
  #enqueued = 0

  constructor(redis: PrivateRedis, simulator: SimulatorProcess, watch: ArrivalWatch, options: FleetOptions) {
    this.redis = redis
    this.simulator = simulator
    this.#watch = watch
    this.#options = options
    this.client = new Redis(redis.url, { maxRetriesPerRequest: null })
    // Tests break its Redis on purpose.
    this.client.on('error', () => {})
  }

  async addWorkers(count: number): Promise<void> {
    const first = this.#started
    this.#started += count
    const start = async (worker: number): Promise<WorkerProcess> => startWorkerProcess(await this.#settingsOf(worker))
    this.workers.push(...(await Promise.all(Array.from({ length: count }, (_, index) => start(first + index)))))
  }

  async killWorkers(count: number): Promise<void> {
    await Promise.all(
      this.workers.splice(0, count).map(worker => {
        worker.signal('SIGKILL')
        return worker.ended
      }),
    )
  }

  async drainWorkersTo(count: number): Promise<void> {
    await Promise.all(this.workers.splice(count).map(worker => worker.stop()))
  }

  async enqueue(jobs: number): Promise<void> {
    const producer = createProducer({ redis: this.client })
    await producer.enqueueMany(Array.from({ length: jobs }, () => `person_${++this.#enqueued}`))
    await producer.close()
  }

  arrivals(): Promise<number[]> {
    return this.simulator.arrivals(COMMAND)
  }

  async untilFurtherCalls(calls: number, timeoutMs?: number): Promise<void> {
    const wanted = (await this.simulator.calls(COMMAND)) + calls
    const haveArrived = async (): Promise<boolean> => (await this.simulator.calls(COMMAND)) >= wanted
    await eventually(`${calls} further calls`, haveArrived, timeoutMs, ASK_EVERY_MS)
  }

  async untilAllCall(timeoutMs?: number): Promise<void> {
    const before = await Promise.all(this.workers.map(countPermits))
    const haveCalled = async (): Promise<boolean> => {
      const now = await Promise.all(this.workers.map(countPermits))
      return now.every((permits, index) => permits > (before[index] ?? 0))
    }
    await eventually('every worker to call', haveCalled, timeoutMs, ASK_EVERY_MS)
  }

  watch(): () => Promise<Watched> {
    const from = Date.now() - 1000
    return () => this.#sumUp(from)
  }

  watched(): Promise<Watched> {
    return this.#sumUp(0)
  }

  async attemptsLost(): Promise<number> {
    const texts = await Promise.all(this.workers.map(readMetrics))
    const counts = texts.flatMap(text => [...text.matchAll(/job_retries_total\{reason="([^"]+)"\} (\d+)/g)])
    return counts.reduce((sum, [, reason = '', jobs]) => sum + (SNOOZES.has(reason) ? 0 : Number(jobs)), 0)
  }

  async stop(): Promise<void> {
    await this.killWorkers(this.workers.length)
    await this.#watch.stop()
    await this.simulator.stop()
    this.client.disconnect()
    if (this.#options.redis === undefined) await this.redis.stop()
  }

  async #sumUp(from: number): Promise<Watched> {
    const { stampedBy, stamps } = await this.#watch.read()
    return { ...sumUp(stamps, from), stampedBy }
  }

  async #settingsOf(worker: number): Promise<WorkerSettings> {
    return {
      ...workerSettingsFor(this.simulator, { url: this.redis.url, prefix: DEFAULT_PREFIX }),
      // The tests watch clearing calls only; other commands have ceilings of their own.
      VERIFY: 'off',
      ...(await this.#options.settings?.(worker, this)),
    }
  }
}

const readMetrics = async (worker: WorkerProcess): Promise<string> => (await fetch(`${worker.url}/metrics`)).text()

async function countPermits(worker: WorkerProcess): Promise<number> {
  const text = await readMetrics(worker)
  const used = new RegExp(`permits_total\\{command="${COMMAND}",result="used"\\} (\\d+)`).exec(text)?.[1]
  return Number(used ?? 0)
}
