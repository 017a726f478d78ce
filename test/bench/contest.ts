import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { readArrivals, readFigures } from '../../cli/demo/vendor.ts'
import { createProducer } from '../../jobs/enqueue/producer.ts'
import { CLEAR_COMMAND } from '../../redis/keys.ts'
import { runCommand } from '../helpers/commands/run-command.ts'
import { startWorkerProcess } from '../helpers/processes/worker-process.ts'
import type { Contestant } from './contestants/contestant.ts'
import { type ContestantName, FIELD } from './contestants/field.ts'
import type { Surroundings } from './surroundings.ts'

/** The contestant of a run: this project's worker, or one of the others. */
export type Runner = 'ours' | ContestantName

/** One run of one contestant. */
export interface ContestOptions {
  readonly accounts: number
  readonly processes: number
  /** Calls per second that all processes together may make. */
  readonly perSecond: number
  /** Settings of our worker beside those that make it comparable with the others. */
  readonly settings?: Readonly<Record<string, string>>
  /** Called twice a second. */
  readonly onProgress?: (cleared: number, team: Members) => void
}

/** Where to look at the processes of a contestant. */
export interface Members {
  readonly pids: readonly number[]
  /** Addresses of their metrics, where they have some. */
  readonly urls: readonly string[]
}

/** The result of a run. */
export interface Contested {
  /** Times at which the clearing calls arrived, ms, ascending. */
  readonly arrivals: readonly number[]
  /** Accounts that the vendor answered with OK. */
  readonly cleared: number
  /** Commands that Redis ran meanwhile, including those inside scripts, without enqueueing. */
  readonly redisCommands: number
}

/** The processes of a contestant. */
interface Team extends Members {
  /** Puts the accounts into the queue, while no process may fetch. */
  enqueue(accounts: readonly string[]): Promise<void>
  /** Lets the processes fetch. */
  go(): Promise<void>
  stop(): Promise<void>
}

const QUEUE = 'contest'
const ENQUEUED_AT_ONCE = 1000
/** Jobs in hand of every process: the default of our worker. */
export const JOBS_IN_HAND = 256
const ASK_EVERY_MS = 500
const STUCK_AFTER_MS = 30_000
const runFile = fileURLToPath(new URL('./contestants/run.ts', import.meta.url))

/** Gives the name of a runner in tables. */
export const titleOf = (runner: Runner): string => (runner === 'ours' ? 'clear-friends' : FIELD[runner].title)

/**
 * Lets one contestant drain the accounts `user_1` … at the vendor of the surroundings. Before it, Redis is emptied and
 * the vendor reset. All processes are up before the first may fetch.
 */
export async function contest(around: Surroundings, runner: Runner, options: ContestOptions): Promise<Contested> {
  const redis = new Redis(around.redis.url)
  try {
    await redis.flushall()
    await resetVendor(around.vendorUrl)
    const team = await (runner === 'ours' ? startOurs(around, options) : startOthers(around, runner, options))
    try {
      await team.enqueue(Array.from({ length: options.accounts }, (_, index) => `user_${index + 1}`))
      await redis.config('RESETSTAT')
      await team.go()
      const cleared = await untilCleared(around.vendorUrl, options, team)
      const redisCommands = sumCommands(await redis.info('commandstats'))
      return { arrivals: await readArrivals(around.vendorUrl, CLEAR_COMMAND), cleared, redisCommands }
    } finally {
      await team.stop()
    }
  } finally {
    redis.disconnect()
  }
}

/** Adds up the calls of all commands in the text of `INFO commandstats`. */
function sumCommands(commandstats: string): number {
  let sum = 0
  for (const [, calls] of commandstats.matchAll(/^cmdstat_[^:]+:calls=(\d+)/gm)) sum += Number(calls)
  return sum
}

async function startOurs(around: Surroundings, { processes, perSecond, settings: own }: ContestOptions): Promise<Team> {
  // The other contestants only delete; a proof by a read would be a second call for each account.
  const settings = {
    ...around.settings,
    LOG_LEVEL: 'info',
    VERIFY: 'off',
    RATE_LIMIT_PER_SECOND: String(perSecond),
    ...own,
  }
  const command = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await runCommand(args, settings)
    if (code !== 0) throw new Error(`\`clear-friends ${args[0]}\` ended with exit code ${code}: ${stderr}`)
  }
  const workers = await Promise.all(Array.from({ length: processes }, () => startWorkerProcess(settings)))
  return {
    pids: workers.map(worker => worker.pid),
    urls: workers.map(worker => worker.url),
    enqueue: async accounts => {
      await command('pause', '--reason', 'benchmark')
      const producer = createProducer({ redis: around.redis.url })
      await producer.enqueueMany(accounts)
      await producer.close()
    },
    go: () => command('resume'),
    stop: async () => {
      await Promise.all(workers.map(worker => worker.stop()))
    },
  }
}

async function startOthers(
  around: Surroundings,
  name: ContestantName,
  { processes, perSecond }: ContestOptions,
): Promise<Team> {
  const { jobOptions }: Contestant = FIELD[name]
  const queue = new Queue(QUEUE, { connection: { host: '127.0.0.1', port: around.redis.port } })
  const settings = {
    REDIS_PORT: String(around.redis.port),
    VENDOR_URL: around.vendorUrl,
    PER_SECOND: String(perSecond),
    PROCESSES: String(processes),
    CONCURRENCY: String(JOBS_IN_HAND),
    QUEUE,
  }
  const running = await Promise.all(Array.from({ length: processes }, () => startProcess(name, settings)))
  return {
    pids: running.map(each => each.pid),
    urls: [],
    enqueue: async accounts => {
      await queue.pause()
      for (let from = 0; from < accounts.length; from += ENQUEUED_AT_ONCE) {
        const batch = accounts.slice(from, from + ENQUEUED_AT_ONCE)
        await queue.addBulk(batch.map(account => ({ name: 'clear', data: { account }, opts: jobOptions })))
      }
    },
    go: () => queue.resume(),
    stop: async () => {
      await Promise.all(running.map(each => each.stop()))
      await queue.close()
    },
  }
}

async function startProcess(
  name: string,
  settings: Readonly<Record<string, string>>,
): Promise<{ readonly pid: number; readonly stop: () => Promise<unknown> }> {
  const child = spawn(process.execPath, [runFile, name], {
    env: { PATH: process.env['PATH'], ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = once(child, 'exit').finally(() => process.off('exit', kill))
  const ready = once(createInterface({ input: child.stdout }), 'line')
  await Promise.race([
    ready,
    ended.then(([code]) =>
      Promise.reject(new Error(`${name} ended with exit code ${String(code)} before it was ready`)),
    ),
  ])
  const stop = (): Promise<unknown> => {
    child.kill('SIGTERM')
    return ended
  }
  return { pid: child.pid ?? 0, stop }
}

async function resetVendor(url: string): Promise<void> {
  const response = await fetch(`${url}/simulator/reset`, { method: 'POST' })
  if (!response.ok) throw new Error(`the simulator answered ${response.status}: ${await response.text()}`)
}

/** Resolves with the number of accounts cleared: all, or fewer when for half a minute no further one was. */
async function untilCleared(url: string, { accounts, onProgress }: ContestOptions, team: Team): Promise<number> {
  let cleared = 0
  let movedAt = performance.now()
  while (cleared < accounts && performance.now() - movedAt < STUCK_AFTER_MS) {
    // Asks seldom, since the process that answers also stamps the arrivals.
    await sleep(ASK_EVERY_MS)
    const now = (await readFigures(url)).byCommand[CLEAR_COMMAND]?.byCode['0'] ?? 0
    if (now > cleared) movedAt = performance.now()
    cleared = now
    onProgress?.(cleared, team)
  }
  return cleared
}
