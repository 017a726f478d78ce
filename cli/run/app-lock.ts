import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { WorkerSettings } from '../../worker/worker-settings.ts'
import { InterruptedError } from '../interrupted-error.ts'
import { type FileLock, takeLock } from './file-lock.ts'

/**
 * Takes the lock of an app on this machine, for this user: each run has a Redis and so a limit of its own, and the vendor
 * would see both.
 *
 * @param folder where the lock lies; it is made if it is missing
 * @returns a lock of nothing where the folder cannot be made, as on a disk that is read only: no run depends on it
 * @throws {InterruptedError} while another run clears accounts of the same app
 */
export async function takeAppLock(
  folder: string,
  { IM_BASE_URL, IM_SDK_APP_ID }: Pick<WorkerSettings, 'IM_BASE_URL' | 'IM_SDK_APP_ID'>,
): Promise<FileLock> {
  const file = join(folder, `run-${hashOf(`${IM_BASE_URL} ${IM_SDK_APP_ID}`)}.lock`)
  const lock = await mkdir(folder, { recursive: true, mode: 0o700 }).then(
    () => takeLock(file),
    () => NO_LOCK,
  )
  if (lock !== undefined) return lock
  throw new InterruptedError(
    `another run clears accounts of app ${IM_SDK_APP_ID} on this machine. Each has a limit of its own, and the vendor ` +
      'would see both. Let it end, and run this again.',
  )
}

const NO_LOCK: FileLock = { release: () => {} }

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)
