import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { DEFAULT_APP, type Simulator } from '../../../simulator/index.ts'
import { eventually } from '../eventually.ts'
import { TEST_RECEIPT_KEY } from '../receipts/settling.ts'

const entry = fileURLToPath(new URL('../../../bin/clear-friends.js', import.meta.url))

/** A real worker in a process of its own. */
export interface WorkerProcess {
  readonly pid: number
  /** Where its health checks and metrics are. */
  readonly url: string
  /** Everything it wrote to stdout so far, a log line each. */
  readonly logLines: readonly string[]
  /** Everything it wrote to stderr so far. */
  readonly errorText: () => string
  signal(name: NodeJS.Signals): void
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
  /** SIGTERM, unless it has ended; resolves when it has. */
  stop(): Promise<number | string>
}

/** Settings of a worker for a simulator and a Redis. */
export const workerSettingsFor = (
  simulator: Pick<Simulator, 'url'>,
  redis: { readonly url: string; readonly prefix: string },
): Record<string, string> => ({
  REDIS_URL: redis.url,
  REDIS_PREFIX: redis.prefix,
  IM_BASE_URL: simulator.url,
  IM_SDK_APP_ID: String(DEFAULT_APP.sdkAppId),
  IM_ADMIN: DEFAULT_APP.admins?.[0] ?? '',
  IM_SECRET_KEY: DEFAULT_APP.keys?.[0] ?? '',
  RECEIPT_KEY: TEST_RECEIPT_KEY,
  HTTP_PORT: '0',
})

/**
 * Starts `clear-friends worker` and resolves when it is ready.
 *
 * @param settings the whole environment, apart from PATH
 * @throws Error with what it wrote when it ends before
 */
export async function startWorkerProcess(settings: Readonly<Record<string, string>>): Promise<WorkerProcess> {
  const child = spawn(process.execPath, [entry, 'worker'], {
    env: { PATH: process.env['PATH'], ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const logLines: string[] = []
  let errors = ''
  createInterface({ input: child.stdout }).on('line', line => logLines.push(line))
  child.stderr.on('data', chunk => {
    errors += String(chunk)
  })
  const killWithTests = (): void => void child.kill('SIGKILL')
  process.once('exit', killWithTests)
  const ended = once(child, 'exit').then(([code, signal]) => {
    process.off('exit', killWithTests)
    return (code ?? signal) as number | string
  })
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null
  await eventually('the worker to be ready', async () => {
    if (!isRunning()) throw new Error(`the worker ended: ${errors}${logLines.join('\n')}`)
    return logLines.some(line => line.includes('"ready"'))
  })
  const port = portIn(logLines)
  return {
    pid: child.pid ?? 0,
    url: `http://127.0.0.1:${port}`,
    logLines,
    errorText: () => errors,
    signal: name => void child.kill(name),
    ended,
    stop: () => {
      if (isRunning()) child.kill('SIGTERM')
      return ended
    },
  }
}

function portIn(logLines: readonly string[]): number {
  const line = logLines.find(each => each.includes('listening for health checks'))
  const port = /"port":(\d+)/.exec(line ?? '')?.[1]
  if (port === undefined) throw new Error('the worker logged no port')
  return Number(port)
}
