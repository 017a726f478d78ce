import { loadavg } from 'node:os'
import { Redis } from 'ioredis'
import { arrivalFigures } from './arrivals.ts'
import { contest, type Members, type Runner, titleOf } from './contest.ts'
import { cpuSeconds } from './cpu.ts'
import { count, print, say } from './output.ts'
import { residentMegabytes } from './process-memory.ts'
import { type Surroundings, startSurroundings } from './surroundings.ts'
import { machine, toMarkdown } from './table.ts'

const ACCOUNTS = 3500
const PROCESSES = 2
const PER_SECOND = 200
/** No account fails, so that each costs everybody the same calls. */
const VENDOR = ['--users', String(ACCOUNTS), '--latency', 'p50=60,p99=70', '--limit', '1000000']
/** The part of a run that counts: all processes are warm, and none runs out of work. */
const STEADY = { from: 0.25, to: 0.85 }
const SCRAPE_EVERY_MS = 15_000

interface Way {
  readonly title: string
  readonly runner: Runner
  readonly settings?: Readonly<Record<string, string>>
  readonly isScraped?: boolean
}

const named = (runner: Runner): Way => ({ title: titleOf(runner), runner })
const BASE = named('bullmq-limiter-attempts')
const OURS: Way = { ...named('ours'), title: 'clear-friends, `VERIFY=off`' }
const EVERYTHING: Way = {
  title: 'clear-friends, `VERIFY=all`, metrics scraped',
  runner: 'ours',
  settings: { VERIFY: 'all' },
  isScraped: true,
}
/** Ours and the one that it is measured against run twice, with the others between, since a machine has busy minutes. */
const WAYS = [BASE, OURS, named('rate-limiter-flexible'), named('bottleneck-clustering'), BASE, OURS, EVERYTHING]
/** At most so many times what BullMQ's limiter costs in the same run. */
const PROMISED = { worker: 1.5, redis: 2, everything: 3, megabytes: 150 }

interface Cost {
  /** Milliseconds of a core for each account, of all workers together. */
  readonly workerMs: number
  readonly redisMs: number
  /** Of the worker that held most at the end. */
  readonly megabytes: number
}

interface Run extends Cost {
  readonly way: Way
  readonly perSecond: number
  readonly worstSecond: number
}

/**
 * Measures what an account costs at the vendor's rate: processor time of the workers and of Redis, and memory. Everybody
 * drains the same accounts with two processes, one after the other. Linux only: reads /proc.
 *
 * @returns whether our worker costs as little as promised beside BullMQ's limiter
 */
export async function benchCost(): Promise<boolean> {
  const [loadBefore = 0] = loadavg()
  const around = await startSurroundings(VENDOR)
  const runs: Run[] = []
  try {
    for (const way of WAYS) {
      say(`${way.title}: ${count(ACCOUNTS)} accounts, ${PROCESSES} processes`)
      runs.push(await measure(around, way))
    }
  } finally {
    await around.close()
  }
  print(`\n${machine()}, Redis ${around.redis.version}, load ${loadBefore.toFixed(2)} before the run\n`)
  print(
    toMarkdown(
      ['', 'calls a second', 'workers, ms an account', 'Redis, ms an account', 'memory of a worker', 'worst second'],
      runs.map(run => [
        run.way.title,
        run.perSecond.toFixed(1),
        run.workerMs.toFixed(2),
        run.redisMs.toFixed(2),
        `${Math.round(run.megabytes)} MB`,
        String(run.worstSecond),
      ]),
    ),
  )
  const [worker, redis, everything] = [
    share(runs, OURS, each => each.workerMs),
    share(runs, OURS, each => each.redisMs),
    share(runs, EVERYTHING, each => each.workerMs),
  ]
  print(
    `\nWorker ${worker.toFixed(2)} times, Redis ${redis.toFixed(2)} times, with everything ${everything.toFixed(2)} times`,
  )
  const megabytes = Math.max(...runs.filter(run => run.way.runner === 'ours').map(run => run.megabytes))
  return (
    worker <= PROMISED.worker &&
    redis <= PROMISED.redis &&
    everything <= PROMISED.everything &&
    megabytes <= PROMISED.megabytes
  )
}

/** How many times the cost of BullMQ's limiter, both in the middle of their runs. */
function share(runs: readonly Run[], way: Way, costOf: (run: Run) => number): number {
  const middle = (of: Way): number => {
    const costs = runs.filter(run => run.way === of).map(costOf)
    return costs.reduce((sum, each) => sum + each, 0) / costs.length
  }
  return middle(way) / middle(BASE)
}

async function measure(around: Surroundings, way: Way): Promise<Run> {
  const redis = new Redis(around.redis.url)
  const redisPid = Number(/process_id:(\d+)/.exec(await redis.info('server'))?.[1])
  redis.disconnect()
  const watch = new CostWatch(redisPid)
  let scrapedAt = 0
  const onProgress = (cleared: number, team: Members): void => {
    watch.look(cleared, team)
    if (way.isScraped !== true || performance.now() - scrapedAt < SCRAPE_EVERY_MS) return
    scrapedAt = performance.now()
    for (const url of team.urls) void fetch(`${url}/metrics`).then(response => response.text())
  }
  const options = { accounts: ACCOUNTS, processes: PROCESSES, perSecond: PER_SECOND, onProgress }
  const settings = way.settings === undefined ? {} : { settings: way.settings }
  const { arrivals, cleared } = await contest(around, way.runner, { ...options, ...settings })
  if (cleared !== ACCOUNTS) throw new Error(`${way.title} cleared ${cleared} accounts of ${ACCOUNTS}`)
  const { steadyPerSecond, worstSecond } = arrivalFigures(arrivals, PER_SECOND)
  return { way, perSecond: steadyPerSecond, worstSecond, ...watch.cost() }
}

interface Look {
  readonly cleared: number
  readonly workerSeconds: number
  readonly redisSeconds: number
}

/** Reads the processor time of a team and of Redis at the beginning and the end of the steady part of a run. */
class CostWatch {
  readonly #redisPid: number
  #begin: Look | undefined
  #end: Look | undefined
  #megabytes = 0

  constructor(redisPid: number) {
    this.#redisPid = redisPid
  }

  look(cleared: number, { pids }: Members): void {
    if (this.#end !== undefined || cleared < ACCOUNTS * STEADY.from) return
    const workerSeconds = pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0)
    const now = { cleared, workerSeconds, redisSeconds: cpuSeconds(this.#redisPid) }
    this.#begin ??= now
    if (cleared < ACCOUNTS * STEADY.to) return
    this.#end = now
    this.#megabytes = Math.max(...pids.map(residentMegabytes))
  }

  cost(): Cost {
    const [begin, end] = [this.#begin, this.#end]
    if (begin === undefined || end === undefined) throw new Error('the run ended before it was steady')
    const accounts = end.cleared - begin.cleared
    return {
      workerMs: ((end.workerSeconds - begin.workerSeconds) * 1000) / accounts,
      redisMs: ((end.redisSeconds - begin.redisSeconds) * 1000) / accounts,
      megabytes: this.#megabytes,
    }
  }
}
