import { constants } from 'node:fs'
import { access, type FileHandle, lstat, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ImportFileError } from './import-file-error.ts'
import { createOwnFile, openOwnFile, ownFileFault, removeOwnFile } from './own-file.ts'

/** Characters that wait in memory before a write. */
const BUFFER_LENGTH = 65_536

/** How a list of rejected lines begins. */
const BEGINS_AS_A_LIST = /^\d+\t/

/** Place of a list of rejected lines. */
export interface RejectedPlace {
  readonly file: string
  /** Whether the operator has named the place. It may be a device or a pipe then, such as /dev/stderr. */
  readonly isNamed: boolean
}

/**
 * Writes a list of the rejected lines of an import: number, tab, reason. It holds no text of the input, since that may
 * be half a user id. The operator finds the line in the input by its number.
 *
 * The first write makes the file, or replaces the list of an import before.
 */
export class RejectedLines {
  readonly file: string
  readonly #isNamed: boolean
  #handle: FileHandle | undefined
  #buffer = ''
  #bytes: number
  #isStream = false

  /** @param keepBytes bytes to keep of the list of an interrupted import; the rest is cut off */
  constructor({ file, isNamed }: RejectedPlace, keepBytes = 0) {
    this.file = file
    this.#isNamed = isNamed
    this.#bytes = keepBytes
  }

  /**
   * Finds out, before anything is enqueued, whether the file can be written. A full disk shows only later.
   *
   * @throws {ImportFileError} when it cannot, when it is no list of an import, or when the list of an interrupted import
   *   is gone
   */
  async check(): Promise<void> {
    this.#isStream = this.#isNamed && (await isStream(this.file))
    if (this.#isStream) return
    const found = await lstat(this.file).catch(() => undefined)
    if (found === undefined) {
      if (this.#bytes > 0) this.#failGone()
      await access(dirname(this.file), constants.W_OK).catch(error => this.#fail(error))
      return
    }
    const handle = await openOwnFile(this.file, 'write').catch(error => this.#fail(error))
    try {
      if (found.size < this.#bytes) this.#failGone()
      if (found.size > 0 && !(await beginsAsList(handle))) this.#failForeign()
    } finally {
      await handle.close()
    }
  }

  /** Adds a line. Throws as {@link flush} does. */
  async add(line: number, reason: string): Promise<void> {
    this.#buffer += `${line}\t${reason}\n`
    if (this.#buffer.length >= BUFFER_LENGTH) await this.flush()
  }

  /**
   * Writes the lines that wait in memory.
   *
   * @returns the bytes of all lines so far
   * @throws {ImportFileError} when the file cannot be written
   */
  async flush(): Promise<number> {
    if (this.#buffer === '') return this.#bytes
    const text = this.#buffer
    this.#buffer = ''
    try {
      this.#handle ??= await this.#open()
      await this.#handle.writeFile(text)
      // If a power cut took lines that the checkpoint counts, the import could not resume. Pipes cannot sync.
      await this.#handle.datasync().catch(() => {})
    } catch (error) {
      this.#fail(error)
    }
    this.#bytes += Buffer.byteLength(text)
    return this.#bytes
  }

  /** Cuts the list to this size: the lines after it belong to a batch that was not sent, or that Redis has lost. */
  async cutTo(bytes: number): Promise<void> {
    this.#buffer = ''
    this.#bytes = bytes
    if (!this.#isStream) await this.#handle?.truncate(bytes).catch(error => this.#fail(error))
  }

  /** Closes the file. Safe to repeat. */
  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close()
  }

  /** Opens the file behind the lines to keep. A new list gets a new file, since the old one may be open elsewhere. */
  async #open(): Promise<FileHandle> {
    if (this.#isStream) return open(this.file, 'w')
    if (this.#bytes === 0) {
      await removeOwnFile(this.file)
      return createOwnFile(this.file)
    }
    const handle = await openOwnFile(this.file, 'write')
    await handle.truncate(this.#bytes)
    return handle
  }

  #failGone(): never {
    throw new ImportFileError(
      `${this.file}: the interrupted import has listed rejected lines there, and they are gone. ` +
        'Put the file back, or delete the checkpoint to begin at the first line.',
    )
  }

  #failForeign(): never {
    throw new ImportFileError(
      `${this.file}: this is no list of rejected lines, so it is not replaced. ` +
        'Move it away, or name another place with --rejected-file.',
    )
  }

  #fail(error: unknown): never {
    throw new ImportFileError(
      `${this.file}: the list of rejected lines cannot be written (${ownFileFault(error)}). ` +
        'Make that possible, or name another place with --rejected-file.',
    )
  }
}

async function isStream(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined)
  return found !== undefined && !found.isFile() && !found.isDirectory()
}

async function beginsAsList(handle: FileHandle): Promise<boolean> {
  const start = Buffer.alloc(32)
  const { bytesRead } = await handle.read(start, 0, start.length, 0)
  return BEGINS_AS_A_LIST.test(start.toString('utf8', 0, bytesRead))
}
