import { constants } from 'node:fs'
import { access, type FileHandle, open, stat, truncate } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileFault } from '../file-fault.ts'
import { ImportFileError } from './import-file-error.ts'

/** Characters that wait in memory before a write. */
const BUFFER_LENGTH = 65_536

/**
 * Writes a list of the rejected lines of an import: number, tab, reason. It holds no text of the input, since that may
 * be half a user id. The operator finds the line in the input by its number.
 *
 * The first write makes the file, or replaces an old one.
 */
export class RejectedLines {
  readonly file: string
  #handle: FileHandle | undefined
  #buffer = ''
  #bytes: number

  /**
   * @param file path of the list
   * @param keepBytes bytes to keep of the list of an interrupted import; the rest is cut off
   */
  constructor(file: string, keepBytes = 0) {
    this.file = file
    this.#bytes = keepBytes
  }

  /**
   * Finds out, before anything is enqueued, whether the file can be written. A full disk shows only later.
   *
   * @throws {ImportFileError} when it cannot, or when the list of an interrupted import is gone
   */
  async check(): Promise<void> {
    const size = (await stat(this.file).catch(() => undefined))?.size
    if ((size ?? 0) < this.#bytes) {
      throw new ImportFileError(
        `${this.file}: the interrupted import has listed rejected lines there, and they are gone. ` +
          'Put the file back, or delete the checkpoint to begin at the first line.',
      )
    }
    const place = size === undefined ? dirname(this.file) : this.file
    await access(place, constants.W_OK).catch(error => this.#fail(error))
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
      this.#handle ??= await openAt(this.file, this.#bytes)
      await this.#handle.appendFile(text)
      // If a power cut took lines that the checkpoint counts, the import could not resume. Pipes cannot sync.
      await this.#handle.datasync().catch(() => {})
    } catch (error) {
      this.#fail(error)
    }
    this.#bytes += Buffer.byteLength(text)
    return this.#bytes
  }

  /** Cuts the list to this size: the lines after it belong to a batch that was not sent. */
  async cutTo(bytes: number): Promise<void> {
    this.#buffer = ''
    await this.#handle?.truncate(bytes).catch(error => this.#fail(error))
    this.#bytes = bytes
  }

  /** Closes the file. Safe to repeat. */
  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close()
  }

  #fail(error: unknown): never {
    throw new ImportFileError(
      `${this.file}: the list of rejected lines cannot be written (${fileFault(error)}). ` +
        'Make that possible, or name another place with --rejected-file.',
    )
  }
}

async function openAt(file: string, bytes: number): Promise<FileHandle> {
  if (bytes === 0) return open(file, 'w')
  await truncate(file, bytes)
  return open(file, 'a')
}
