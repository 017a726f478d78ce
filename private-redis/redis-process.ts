/**
 * One process of a Redis server on the loopback address: starts it until it answers, stops it, kills it. A Sentinel is
 * started in the same way.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { answersAs } from './redis-answers.ts'
import { type LaunchOptions, type RedisLaunch, redisLaunch } from './redis-launch.ts'

/** The server to start. Its output goes to `server.log` in its directory. */
export interface RedisProcessOptions extends LaunchOptions {
  /** Password that the server asks for. */
  readonly password?: string | undefined
  /** Gets the shell command that ends the process at once, as soon as there is a process. */
  readonly onSpawned?: (killCommand: string) => void
}

/** A server that has answered. */
export interface RedisProcess {
  /** Process id of the server, or of Docker's client. */
  readonly pid: number
  /** Resolves when the process has ended, for whatever reason. */
  readonly gone: Promise<unknown>
  /** Ends the server with SIGTERM, and with SIGKILL after 5 s; resolves when it is gone. */
  stop(): Promise<void>
  /** Ends the server with SIGKILL, as a crash would; resolves when it is gone. */
  kill(): Promise<void>
}

/** Thrown when a server ends at its start or does not answer. The message holds the last lines of its log. */
export class RedisStartError extends Error {
  override readonly name = 'RedisStartError'
  readonly code: 'REDIS_START_FAILED' | 'REDIS_PORT_IN_USE'

  constructor(message: string, code: 'REDIS_START_FAILED' | 'REDIS_PORT_IN_USE') {
    super(message)
    this.code = code
  }
}

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 5000
const ASK_EVERY_MS = 20

/**
 * Starts a server and resolves when it answers.
 *
 * The server has a session of its own, so that Ctrl-C in a terminal ends only this process, which still needs the
 * server.
 *
 * @throws RedisStartError when the server does not answer within 30 s, or its port is in use
 */
export async function startRedisProcess(options: RedisProcessOptions): Promise<RedisProcess> {
  const launch = redisLaunch(options)
  const child = spawnServer(launch, options.dir)
  const gone = once(child, 'exit').catch(() => undefined)
  const kill = async (): Promise<void> => {
    await signal(child, launch, 'SIGKILL')
    await gone
  }
  const stop = async (): Promise<void> => {
    await signal(child, launch, 'SIGTERM')
    await Promise.race([gone, wait(STOP_TIMEOUT_MS, undefined, { ref: false })])
    await kill()
  }
  const pid = child.pid
  if (pid !== undefined) {
    options.onSpawned?.(launch.killCommand(pid))
    if (await untilAnswered(child, options, launch.reportsPidOf(pid))) return { pid, gone, stop, kill }
  }
  await kill()
  throw await startError(options)
}

function spawnServer(launch: RedisLaunch, dir: string): ChildProcess {
  const log = openSync(join(dir, LOG_FILE), 'a')
  try {
    const child = spawn(launch.command, [...launch.args], {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: dir,
      env: { ...process.env, LC_ALL: 'C', ...launch.environment },
    })
    child.on('error', () => {})
    child.unref()
    return child
  } finally {
    closeSync(log)
  }
}

const LOG_FILE = 'server.log'

async function untilAnswered(
  child: ChildProcess,
  { port, password }: RedisProcessOptions,
  reportedPid: number | undefined,
): Promise<boolean> {
  const deadline = performance.now() + START_TIMEOUT_MS
  while (isAlive(child) && performance.now() < deadline) {
    if (await answersAs(port, reportedPid, password)) return true
    await wait(ASK_EVERY_MS)
  }
  return false
}

async function startError({ dir, port }: RedisProcessOptions): Promise<RedisStartError> {
  const log = await readFile(join(dir, LOG_FILE), 'utf8').catch(() => '')
  const lastLines = log.trim().split('\n').slice(-5).join('\n')
  const inUse = /address already in use|port is already allocated/i.test(lastLines)
  return new RedisStartError(
    `Redis did not start on port ${port}:\n${lastLines === '' ? '(it wrote no log)' : lastLines}`,
    inUse ? 'REDIS_PORT_IN_USE' : 'REDIS_START_FAILED',
  )
}

/** Signals a child that still runs. This process lives on until the child's end. */
async function signal(child: ChildProcess, launch: RedisLaunch, name: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (!isAlive(child) || child.pid === undefined) return
  child.ref()
  await launch.signal(child.pid, name)
}

const isAlive = (child: ChildProcess): boolean =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null
