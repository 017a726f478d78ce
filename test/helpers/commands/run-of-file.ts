import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../../simulator/index.ts'
import { workerSettingsFor } from '../processes/worker-process.ts'

/** A list of accounts in a folder of its own, and a vendor that knows them. */
export interface FileForRun {
  readonly folder: string
  readonly file: string
  readonly vendor: Simulator
  /** The settings of a run, which has a Redis of its own. */
  readonly settings: Readonly<Record<string, string>>
}

/** More calls per second than any test can send. */
const UNLIMITED = 1_000_000

/** Writes `user_1` to `user_<count>` into a file, and starts a vendor; both go with the test. */
export async function fileForRun(count: number, options: SimulatorOptions = {}): Promise<FileForRun> {
  const folder = await mkdtemp(join(tmpdir(), 'clear-friends-run-'))
  const vendor = await startSimulator({ limitPerSecond: UNLIMITED, users: { count }, ...options })
  onTestFinished(async () => {
    await vendor.close()
    await rm(folder, { recursive: true })
  })
  const file = join(folder, 'departed.txt')
  await writeFile(file, Array.from({ length: count }, (_, index) => `user_${index + 1}\n`).join(''))
  const { REDIS_URL: _url, REDIS_PREFIX: _prefix, ...settings } = workerSettingsFor(vendor, { url: '', prefix: '' })
  return {
    folder,
    file,
    vendor,
    settings: { ...settings, PATH: process.env['PATH'] ?? '', RATE_LIMIT_PER_SECOND: '1000' },
  }
}
