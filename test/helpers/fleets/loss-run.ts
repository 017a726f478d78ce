/**
 * A run that kills workers, Redis and the importer while they work, and counts whether every account has its one
 * outcome in the end. The fault tests use it scaled down, `npm run bench -- loss` in full.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { z } from 'zod'
import { readLedger } from '../../../cli/demo/vendor.ts'
import { parseJson } from '../../../config/parse-json.ts'
import { createRequestReader, type RequestStatus } from '../../../jobs/status/request-status.ts'
import { type PrivateRedis, startPrivateRedis } from '../../../private-redis/private-redis.ts'
import { DEFAULT_PREFIX, keysOf } from '../../../redis/keys.ts'
import { runCommand } from '../commands/run-command.ts'
import { type SimulatorProcess, startSimulatorProcess } from '../processes/simulator-process.ts'
import { type StartedCommand, startCommand } from '../processes/start-command.ts'
import { startWorkerProcess, type WorkerProcess, workerSettingsFor } from '../processes/worker-process.ts'
import { type Seen, sumUp } from '../vendor/arrivals.ts'
import { type Happening, tellOverLimit } from '../vendor/over-limit.ts'
import { type Arrivals, type ArrivalWatch, watchArrivals } from '../vendor/watched-arrivals.ts'
import { CEILING, COMMAND } from './fleet.ts'

/** Size of a run, and the moments at which it kills a part, as shares of the accounts that are settled. */
export interface LossPlan {
  readonly accounts: number
  /** The importer keeps this many jobs in the queue, so that its present batch waits long for a worker. */
  readonly maxBacklog: number
  readonly killImporterAt: readonly number[]
  readonly killRedisAt: readonly number[]
  /** Gets a line on each step of the run. */
  readonly report?: (line: string) => void
}

/** The result of a run. */
export interface LossFigures {
  readonly seconds: number
  readonly workersKilled: number
  readonly importersKilled: number
  readonly redisKilled: number
  /** Sums that the last importer printed, over all its runs. */
  readonly manifest: z.infer<typeof manifestSchema>
  readonly request: RequestStatus
  readonly outcomes: Readonly<Record<string, string>>
  readonly receipts: number
  /** Accounts with exactly one receipt. */
  readonly accountsWithOneReceipt: number
  /** Accounts that the vendor has cleared at least once. */
  readonly clearedAtVendor: number
  readonly calls: Seen
  readonly stampedBy: Arrivals['stampedBy']
  /** A text for each second above the ceiling, with the events before it. */
  readonly overLimit: readonly string[]
  /** Result of `receipts verify` for all receipts. */
  readonly verify: { readonly code: number | null; readonly text: string }
}

const REQUEST = 'loss'
const WORKERS = 3
const KILL_EVERY_MS = 2000
const REDIS_AWAY_MS = 1500
const LOOK_EVERY_MS = 200
/** Jobs of a killed worker come back within 45 s; the rest of the time is work. */
const GIVE_UP_AFTER_MS = 540_000

const manifestSchema = z.object({
  lines: z.number(),
  accepted: z.number(),
  duplicate: z.number(),
  rejected: z.number(),
})

/** Makes a run with a Redis, a simulator and files of its own, and removes them at its end. */
export async function runLoss(plan: LossPlan): Promise<LossFigures> {
  const redis = await startPrivateRedis({ appendFsync: 'always' })
  const simulator = await startSimulatorProcess([
    ...['--users', String(plan.accounts), '--private-friends', '2', '--latency', '20ms', '--limit', '1000000'],
    ...['--fault', '30006:share=0.03,times=1', '--fault', '30008:share=0.02,times=1'],
  ])
  const folder = await mkdtemp(join(tmpdir(), 'clear-friends-loss-'))
  const run = new LossRun(plan, redis, simulator, folder)
  try {
    return await run.run()
  } finally {
    await run.stop()
    await simulator.stop()
    await redis.stop()
    await rm(folder, { recursive: true })
  }
}

class LossRun {
  readonly #plan: LossPlan
  readonly #redis: PrivateRedis
  readonly #simulator: SimulatorProcess
  readonly #client: Redis
  readonly #file: string
  readonly #settings: Readonly<Record<string, string>>
  readonly #workers = new Set<WorkerProcess>()
  readonly #starting = new Set<Promise<void>>()
  #importer: StartedCommand | undefined
  #arrivals: ArrivalWatch | undefined
  #killed = { workersKilled: 0, importersKilled: 0, redisKilled: 0 }
  #allStarted = false
  readonly #happenings: Happening[] = []

  constructor(plan: LossPlan, redis: PrivateRedis, simulator: SimulatorProcess, folder: string) {
    this.#plan = plan
    this.#redis = redis
    this.#simulator = simulator
    this.#file = join(folder, 'accounts.txt')
    this.#settings = {
      ...workerSettingsFor(simulator, { url: redis.url, prefix: DEFAULT_PREFIX }),
    }
    this.#client = new Redis(redis.url, { maxRetriesPerRequest: null })
    // The run kills its Redis on purpose.
    this.#client.on('error', () => {})
  }

  async run(): Promise<LossFigures> {
    const startedAt = performance.now()
    await writeFile(this.#file, Array.from({ length: this.#plan.accounts }, (_, n) => `user_${n + 1}\n`).join(''))
    this.#arrivals = await watchArrivals(this.#simulator.url, COMMAND)
    await Promise.all(Array.from({ length: WORKERS }, () => this.#addWorker()))
    this.#startImporter([])
    const over = new AbortController()
    const killing = this.#killWorkers(over.signal)
    await this.#followPlan()
    const { code, stdout, stderr } = (await this.#importer?.ended) ?? { code: null, stdout: '', stderr: '' }
    if (code !== 0) throw new Error(`the import ended with ${code}: ${stderr}`)
    await this.#untilSettled(this.#plan.accounts)
    const seconds = (performance.now() - startedAt) / 1000
    over.abort()
    await killing
    return { seconds, manifest: manifestSchema.parse(JSON.parse(stdout)), ...this.#killed, ...(await this.#lookBack()) }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#starting)
    for (const worker of this.#workers) worker.signal('SIGKILL')
    this.#importer?.signal('SIGKILL')
    await Promise.all([...this.#workers].map(worker => worker.ended))
    await this.#arrivals?.stop()
    this.#client.disconnect()
  }

  async #addWorker(): Promise<void> {
    const worker = await startWorkerProcess(this.#settings)
    this.#happened('a worker was ready')
    this.#workers.add(worker)
  }

  #startImporter(more: readonly string[]): void {
    const { maxBacklog } = this.#plan
    const args = ['import', this.#file, '--json', '--request', REQUEST, '--max-backlog', String(maxBacklog), ...more]
    this.#importer = startCommand(args, this.#settings)
  }

  /** Kills a worker every two seconds while jobs wait, and starts another one in its place. */
  async #killWorkers(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      await wait(KILL_EVERY_MS, undefined, { signal: over }).catch(() => {})
      const workers = [...this.#workers]
      const worker = workers[Math.floor(Math.random() * workers.length)]
      if (over.aborted || worker === undefined || !(await this.#isWorkInLine())) continue
      worker.signal('SIGKILL')
      this.#happened('a worker was killed')
      this.#workers.delete(worker)
      this.#killed.workersKilled += 1
      const starting = this.#addWorker().finally(() => this.#starting.delete(starting))
      this.#starting.add(starting)
    }
    await Promise.all(this.#starting)
  }

  async #isWorkInLine(): Promise<boolean> {
    this.#allStarted ||= (await this.#settled()) >= this.#plan.accounts / 2 && (await this.#inLine()) === 0
    return !this.#allStarted
  }

  async #followPlan(): Promise<void> {
    const { accounts, killImporterAt, killRedisAt, report } = this.#plan
    const steps = [
      ...killImporterAt.map(share => ({ share, act: () => this.#killImporter() })),
      ...killRedisAt.map(share => ({ share, act: () => this.#killRedis() })),
    ].toSorted((a, b) => a.share - b.share)
    for (const { share, act } of steps) {
      await this.#untilSettled(share * accounts)
      await act()
      report?.(`${Math.round(share * 100)} % settled: ${JSON.stringify(this.#killed)}`)
    }
  }

  async #killImporter(): Promise<void> {
    this.#importer?.signal('SIGKILL')
    this.#happened('the importer was killed')
    const ended = await this.#importer?.ended
    if (ended?.code !== null) throw new Error('the import was over before it could be killed')
    this.#killed.importersKilled += 1
    this.#startImporter(['--resume'])
  }

  async #killRedis(): Promise<void> {
    await this.#redis.kill()
    this.#happened('Redis was killed')
    this.#killed.redisKilled += 1
    await wait(REDIS_AWAY_MS)
    await this.#redis.restart()
    this.#happened('Redis was back')
  }

  #happened(what: string): void {
    this.#happenings.push({ at: Date.now(), what })
  }

  async #untilSettled(jobs: number): Promise<void> {
    const giveUpAt = performance.now() + GIVE_UP_AFTER_MS
    for (let settled = 0; settled < jobs; settled = await this.#settled()) {
      if (performance.now() > giveUpAt) throw new Error(`${settled} of ${jobs} jobs were settled`)
      await wait(LOOK_EVERY_MS)
    }
  }

  async #settled(): Promise<number> {
    const outcomes = await this.#client.hgetall(keysOf(DEFAULT_PREFIX).outcomes)
    return Object.values(outcomes).reduce((sum, jobs) => sum + Number(jobs), 0)
  }

  #inLine(): Promise<number> {
    return this.#client.zcard(`${keysOf(DEFAULT_PREFIX).queue}prioritized`)
  }

  async #lookBack() {
    const keys = keysOf(DEFAULT_PREFIX)
    const readRequest = createRequestReader(this.#client, DEFAULT_PREFIX, { ceilingPerSecond: CEILING, margin: 0.01 })
    const [request, outcomes] = await Promise.all([readRequest(REQUEST), this.#client.hgetall(keys.outcomes)])
    const ledger = await readLedger(this.#simulator.url)
    const exported = await this.#export()
    const { stampedBy = 'the vendor', stamps = [] } = (await this.#arrivals?.read()) ?? {}
    return {
      request,
      outcomes,
      receipts: accountsIn(exported.text).length,
      accountsWithOneReceipt: countSingles(exported.text),
      clearedAtVendor: ledger.filter(line => line.okAnswers > 0 && line.friendsLeft === 0).length,
      calls: sumUp(stamps, 0),
      stampedBy,
      overLimit: tellOverLimit(stamps, CEILING, this.#happenings),
      verify: exported.verify,
    }
  }

  async #export() {
    const { stdout } = await runCommand(['receipts', 'export'], this.#settings)
    const file = `${this.#file}.receipts`
    await writeFile(file, stdout)
    const { code, stdout: said, stderr } = await runCommand(['receipts', 'verify', file], this.#settings)
    return { text: stdout, verify: { code, text: said + stderr } }
  }
}

const receiptSchema = z.object({ kind: z.literal('receipt'), account: z.string() })

const accountsIn = (ndjson: string): readonly string[] =>
  ndjson.split('\n').flatMap(line => receiptSchema.safeParse(parseJson(line)).data?.account ?? [])

function countSingles(ndjson: string): number {
  const perAccount = Map.groupBy(accountsIn(ndjson), account => account)
  return [...perAccount.values()].filter(receipts => receipts.length === 1).length
}
