import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type PrivateRedis, startPrivateRedis } from '../../private-redis/private-redis.ts'
import { DEFAULT_APP } from '../../simulator/index.ts'
import { startSimulatorProcess } from '../helpers/processes/simulator-process.ts'
import { receiptKeyOf } from '../helpers/receipts/settling.ts'
import { say } from './output.ts'

/** A private Redis and a vendor in a process of its own, for one run. */
export interface Surroundings {
  readonly redis: PrivateRedis
  readonly vendorUrl: string
  /** Settings that lead a worker to both. */
  readonly settings: Readonly<Record<string, string>>
  close(): Promise<void>
}

const checkout = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Starts Redis and the vendor for a benchmark. If the superuser runs it, the vendor has priority on the cores, so that
 * it stamps calls when they arrive.
 */
export async function startSurroundings(vendorFlags: readonly string[]): Promise<Surroundings> {
  const redis = await startPrivateRedis({ report: say })
  const vendor = await startSimulatorProcess(vendorFlags)
  return {
    redis,
    vendorUrl: vendor.url,
    settings: {
      REDIS_URL: redis.url,
      IM_BASE_URL: vendor.url,
      IM_SDK_APP_ID: String(DEFAULT_APP.sdkAppId),
      IM_ADMIN: DEFAULT_APP.admins?.[0] ?? '',
      IM_SECRET_KEY: DEFAULT_APP.keys?.[0] ?? '',
      RECEIPT_KEY: receiptKeyOf('benchmarks'),
      HTTP_PORT: '0',
      LOG_LEVEL: 'fatal',
    },
    close: async () => {
      await vendor.stop()
      await redis.stop()
    },
  }
}

/** Starts `npx clear-friends worker`, as an operator would; its whole process group can be stopped. */
export function startNpxWorker(settings: Readonly<Record<string, string>>): ChildProcess {
  const child = spawn('npx', ['clear-friends', 'worker'], {
    cwd: checkout,
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  })
  const kill = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  return child
}

/** Asks a process group to end and waits for the end of its first process. */
export async function stopGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  process.kill(-child.pid, 'SIGTERM')
  await once(child, 'exit')
}
