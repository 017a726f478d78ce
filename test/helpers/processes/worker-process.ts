import { DEFAULT_APP, type Simulator } from '../../../simulator/index.ts'
import { TEST_RECEIPT_KEY } from '../receipts/settling.ts'
import { commandEnvironment, entry } from './start-command.ts'
import { startProcess } from './start-process.ts'

/** A real worker in a process of its own. */
export interface WorkerProcess {
  readonly pid: number
  /** Address of its health checks and metrics. */
  readonly url: string
  /** Log lines that it wrote to stdout so far. */
  readonly logLines: readonly string[]
  /** Waits for a log line with this text: what a worker writes arrives later than what it stores in Redis. */
  untilLogged(text: string): Promise<string>
  /** Gives all that it wrote to stderr so far. */
  readonly errorText: () => string
  signal(name: NodeJS.Signals): void
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
  /** Sends SIGTERM, unless it has ended; resolves when it has. */
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
 * @throws Error with its stderr when it ends before
 */
export async function startWorkerProcess(settings: Readonly<Record<string, string>>): Promise<WorkerProcess> {
  const worker = startProcess(process.execPath, [entry, 'worker'], {
    environment: { ...commandEnvironment, ...settings },
  })
  const { pid, stdout, stderr, signal, isRunning } = worker
  await stdout
    .until(lines => lines.find(line => line.includes('"ready"')))
    .catch((error: unknown) => {
      throw new Error(`the worker did not start: ${stderr.text}`, { cause: error })
    })
  const ended = worker.ended.then(end => end.code ?? end.signal ?? '')
  return {
    pid,
    url: `http://127.0.0.1:${portIn(stdout.lines)}`,
    logLines: stdout.lines,
    untilLogged: text => stdout.until(lines => lines.find(line => line.includes(text))),
    errorText: () => stderr.text,
    signal,
    ended,
    stop: () => {
      if (isRunning()) signal('SIGTERM')
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
