import { type FileHandle, lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileFault } from '../file-fault.ts'
import { createOwnFile, openOwnFile, ownFileFault, removeOwnFile, syncFolder } from '../import/files/own-file.ts'
import { InterruptedError } from '../interrupted-error.ts'
import { type FileLock, takeLock } from './file-lock.ts'
import { RunError } from './run-error.ts'
import { parseRunState, type RunState } from './run-state.ts'

/** What a state consists of. Nothing else in the folder is ever removed. */
const ENTRIES = ['redis', 'import.checkpoint', 'import.checkpoint.next', 'worker.log', 'state.json.next', 'state.json']
const LOCK = 'lock'

/**
 * The folder with the state of a run: the data of its Redis, the checkpoint of its import, its log. It holds user ids, so
 * it is for this user alone.
 *
 * Its life: opened by one process at a time → closed, or left by a process that was killed → opened again → removed.
 */
export class StateFolder {
  readonly path: string
  readonly #lock: FileLock

  private constructor(path: string, lock: FileLock) {
    this.path = path
    this.#lock = lock
  }

  /**
   * Makes the folder if it is missing, and takes its lock.
   *
   * @throws {RunError} when the folder cannot be used
   * @throws {InterruptedError} when another process uses it; the command may be run again
   */
  static async open(path: string): Promise<StateFolder> {
    await makeFolder(path)
    const lock = await takeLock(join(path, LOCK))
    if (lock !== undefined) return new StateFolder(path, lock)
    throw new InterruptedError(
      `${path}: another process is at work on this run. Let it end, or end it and run this again.`,
    )
  }

  /** Names an entry of the folder. */
  entry(name: string): string {
    return join(this.path, name)
  }

  /**
   * Reads how far the run is.
   *
   * @returns `undefined` if it has not begun
   * @throws {RunError} when that cannot be read
   */
  async read(): Promise<RunState | undefined> {
    const file = this.entry('state.json')
    const handle = await openOwnFile(file, 'read').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw new RunError(`${file}: it cannot be read (${ownFileFault(error)}).`)
    })
    if (handle === undefined) return undefined
    const text = await handle.readFile('utf8').finally(() => handle.close())
    const state = parseRunState(text)
    if (state !== undefined) return state
    throw new RunError(`${file}: this is no state of a run. Move ${this.path} away, or name another one with --state.`)
  }

  /**
   * Stores how far the run is. After a crash at any moment the file holds this state or the one before.
   *
   * @throws {RunError} when it cannot be written
   */
  async write(state: RunState): Promise<void> {
    const file = this.entry('state.json')
    const next = `${file}.next`
    try {
      await removeOwnFile(next)
      await writeSynced(await createOwnFile(next), `${JSON.stringify(state)}\n`)
      await rename(next, file)
      await syncFolder(this.path)
    } catch (error) {
      throw new RunError(`${file}: it cannot be written (${ownFileFault(error)}).`)
    }
  }

  /** Removes the state, and the folder if nothing else is in it. Safe to repeat, also after a crash in between. */
  async remove(): Promise<void> {
    // The file that says "done" goes last.
    for (const name of ENTRIES) await rm(this.entry(name), { recursive: true, force: true })
    await rm(this.entry(LOCK), { force: true })
    this.close()
    await rmdir(this.path).catch(() => {})
    await syncFolder(dirname(this.path))
  }

  /** Releases the lock. Safe to repeat. */
  close(): void {
    this.#lock.release()
  }
}

async function writeSynced(handle: FileHandle, text: string): Promise<void> {
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
    return
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    if (!isThere) throw new RunError(`${path}: the folder of the state cannot be made (${fileFault(error)}).`)
  }
  const found = await lstat(path)
  const elsewhere = 'Name another place with --state; a folder that does not exist is made.'
  if (!found.isDirectory()) throw new RunError(`${path}: the state needs a folder, and this is none. ${elsewhere}`)
  const isOurs = found.uid === process.getuid?.() && (found.mode & 0o077) === 0
  if (!isOurs) {
    throw new RunError(
      `${path}: the state holds user ids, and others can use this folder. Make it yours alone (chmod 700). ${elsewhere}`,
    )
  }
  const foreign = (await readdir(path)).find(name => !ENTRIES.includes(name) && !name.startsWith(LOCK))
  if (foreign === undefined) return
  throw new RunError(`${path}: this folder has other things in it, such as "${foreign}". ${elsewhere}`)
}
