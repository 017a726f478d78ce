import { lstat } from 'node:fs/promises'

type Sqlite = typeof import('node:sqlite')

/**
 * A lock of the operating system on a file, as SQLite takes it: the system releases it when the process ends in any way,
 * so neither a kill -9, nor a reboot, nor a process id that came back can leave it held.
 */
export interface FileLock {
  /** Releases the lock. Safe to repeat. */
  release(): void
}

/**
 * Takes the lock of a file, which is made if it is missing.
 *
 * @returns nothing while another process has it
 */
export async function takeLock(file: string): Promise<FileLock | undefined> {
  const lock = new (loadSqlite().DatabaseSync)(file, { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
    // The process that had the lock may just have removed the file.
    if (await lstat(file).catch(() => undefined)) return { release: () => lock.isOpen && lock.close() }
  } catch {
    // It is locked.
  }
  lock.close()
  return undefined
}

/**
 * Node 22 warns once that SQLite is experimental. The reader of that line can do nothing about it, and the lock needs
 * nothing that has changed up to Node 24. Loading is one synchronous step, so no other warning is lost.
 */
function loadSqlite(): Sqlite {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}
