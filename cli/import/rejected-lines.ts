import { constants } from 'node:fs'
import { access, type FileHandle, open, stat, truncate } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileFault } from '../file-fault.ts'
import { ImportFileError } from './import-file-error.ts'

/** So much waits in memory until it is written. */
const BUFFER_LENGTH = 65_536

/**
 * Writes the rejected lines of an import, a line each: number, tab, reason. The accounts stay out of it, since a text
 * that is refused may be half a user id; whoever has the file finds the line by its number.
 *
 * The file is made when the first line is written, and replaced where there was one.
 */
export class RejectedLines {
  readonly file: string
  #handle: FileHandle | undefined
  #buffer = ''
  #bytes: number

  /**
   * @param file where to write
   * @param keepBytes what an interrupted import has left of it; behind that it is cut off
   */
  constructor(file: string, keepBytes = 0) {
    this.file = file
    this.#bytes = keepBytes
  }

  /**
   * Finds out before anything is enqueued whether the file can be written, as far as that can be known.
   *
   * @throws {ImportFileError} when it cannot, or when what an interrupted import has written is gone
   */
  async check(): Promise<void> {
    const size = await stat(this.file).then(
      found => found.size,
      () => undefined,
    )
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
   * Writes what is left.
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
      // A checkpoint that knows of lines which a power cut takes could not be resumed. Pipes cannot do that.
      await this.#handle.datasync().catch(() => {})
    } catch (error) {
      this.#fail(error)
    }
    this.#bytes += Buffer.byteLength(text)
    return this.#bytes
  }

  /** Takes back the lines behind so many bytes, which do not count. */
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
