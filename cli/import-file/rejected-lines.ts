import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'

/**
 * Writes the rejected lines of an import, a line each: number, tab, reason. The accounts stay out of it, since a text
 * that is refused may be half a user id; whoever has the file finds the line by its number.
 */
export class RejectedLines {
  readonly file: string
  #stream: WriteStream | undefined
  #count = 0

  /** @param file is made when the first line is rejected, and replaced where there was one */
  constructor(file: string) {
    this.file = file
  }

  /** How many lines were rejected. */
  get count(): number {
    return this.#count
  }

  /**
   * Adds a line.
   *
   * @throws the error of the file system when the file cannot be written
   */
  async add(line: number, reason: string): Promise<void> {
    this.#stream ??= await open(this.file)
    if (this.#stream.errored !== null) throw this.#stream.errored
    this.#count += 1
    if (!this.#stream.write(`${line}\t${reason}\n`)) await once(this.#stream, 'drain')
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    if (this.#stream === undefined) return
    this.#stream.end()
    await finished(this.#stream)
  }
}

async function open(file: string): Promise<WriteStream> {
  const stream = createWriteStream(file)
  await once(stream, 'open')
  // A failure while nobody waits for the stream is met at the next line, or at the end.
  stream.on('error', () => {})
  return stream
}
