import { createHash, hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { fileFault } from '../../file-fault.ts'
import { ImportFileError } from './import-file-error.ts'

/** Identity of a file's content. */
export interface Content {
  readonly bytes: number
  /** In hex. */
  readonly sha256: string
}

/** Size of a block, in bytes. A change costs at most the lines of one block, and the hashes of 1 GB take 128 KB. */
const BLOCK_BYTES = 262_144

/** Thrown when a file is not the same any more as it was at the first reading. Nothing of the change was passed on. */
export class FileChangedError extends Error {
  override readonly name = 'FileChangedError'
}

/**
 * A file that is read twice and stays one thing: the second reading passes on what the first one read, or fails.
 *
 * Its life: opened → read once to its end, hashed whole and in blocks → read again any number of times, each block
 * checked before it is passed on → closed. One handle serves all readings, so that a file that is moved away and
 * replaced does no harm.
 */
export class InputFile {
  readonly #name: string
  readonly #handle: FileHandle
  readonly #whole = createHash('sha256')
  readonly #blocks: Buffer[] = []
  #bytes = 0
  #modifiedMs = 0

  constructor(name: string, handle: FileHandle) {
    this.#name = name
    this.#handle = handle
  }

  /**
   * Reads the file for the first time. {@link finish} must follow, since the reader may end before the file does.
   *
   * @throws {ImportFileError} when it cannot be read
   */
  async *read(signal: AbortSignal): AsyncGenerator<Buffer> {
    this.#modifiedMs = await this.#modified()
    for await (const block of this.#blocksFrom(0, signal)) {
      this.#remember(block)
      yield block
    }
  }

  /**
   * Reads what is left of the first reading.
   *
   * @throws {ImportFileError} when it cannot be read
   */
  async finish(signal: AbortSignal): Promise<Content> {
    for await (const block of this.#blocksFrom(this.#bytes, signal)) this.#remember(block)
    return { bytes: this.#bytes, sha256: this.#whole.digest('hex') }
  }

  /**
   * Reads the file again.
   *
   * @throws {FileChangedError} at the first block that is not the same as before, or at the end if the file has grown or
   *   changed behind the reader
   * @throws {ImportFileError} when it cannot be read
   */
  async *readAgain(signal: AbortSignal): AsyncGenerator<Buffer> {
    let index = 0
    for await (const block of this.#blocksFrom(0, signal)) {
      this.#check(index, block)
      index += 1
      yield block
    }
    if (index !== this.#blocks.length) throw new FileChangedError()
    await this.#checkBehind(signal)
  }

  /** Closes the file. Safe to repeat. */
  async close(): Promise<void> {
    await this.#handle.close()
  }

  async *#blocksFrom(start: number, signal: AbortSignal): AsyncGenerator<Buffer> {
    for (let at = start; ; at += BLOCK_BYTES) {
      const block = await this.#readBlock(at, signal)
      if (block.length > 0) yield block
      if (block.length < BLOCK_BYTES) return
    }
  }

  /** Reads a whole block; only the file's last one is shorter. */
  async #readBlock(at: number, signal: AbortSignal): Promise<Buffer> {
    const block = Buffer.allocUnsafe(BLOCK_BYTES)
    let filled = 0
    while (filled < BLOCK_BYTES) {
      signal.throwIfAborted()
      const { bytesRead } = await this.#trying(() =>
        this.#handle.read(block, filled, BLOCK_BYTES - filled, at + filled),
      )
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return block.subarray(0, filled)
  }

  #remember(block: Buffer): void {
    this.#whole.update(block)
    this.#blocks.push(hash('sha256', block, 'buffer'))
    this.#bytes += block.length
  }

  #check(index: number, block: Buffer): void {
    const before = this.#blocks[index]
    if (before === undefined || !before.equals(hash('sha256', block, 'buffer'))) throw new FileChangedError()
  }

  /** A small file is one block, which was read long before its last line was enqueued. */
  async #checkBehind(signal: AbortSignal): Promise<void> {
    if ((await this.#modified()) === this.#modifiedMs) return
    let index = 0
    for await (const block of this.#blocksFrom(0, signal)) this.#check(index++, block)
    if (index !== this.#blocks.length) throw new FileChangedError()
  }

  async #modified(): Promise<number> {
    return (await this.#trying(() => this.#handle.stat())).mtimeMs
  }

  async #trying<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act()
    } catch (error) {
      throw new ImportFileError(`${this.#name}: it cannot be read (${fileFault(error)})`)
    }
  }
}
