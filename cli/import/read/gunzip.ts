import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { InputFormatError } from './lines.ts'

/**
 * Unpacks gzip, which its first two bytes show; other data passes as it is.
 *
 * @param chunks the input in pieces of any size
 * @throws {InputFormatError} when the gzip data is damaged or cut off
 */
export async function* gunzip(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = chunks[Symbol.asyncIterator]()
  const start = await readStart(source)
  const whole = rejoin(start, source)
  if (start[0] !== 0x1f || start[1] !== 0x8b) return yield* whole
  const unpacking = createGunzip()
  // `pipeline` needs a callback, which has nothing to do: the loop below gets the error.
  pipeline(Readable.from(whole), unpacking, () => {})
  try {
    yield* unpacking
  } catch (error) {
    if (!isGzipFault(error)) throw error
    throw new InputFormatError(
      'the gzip data is damaged or cut off. Get the whole file and import it again; ' +
        'accounts that are in the queue are not enqueued twice.',
    )
  }
}

async function readStart(source: AsyncIterator<Buffer>): Promise<Buffer> {
  let start = Buffer.alloc(0)
  while (start.length < 2) {
    const { done, value } = await source.next()
    if (done) break
    start = Buffer.concat([start, value])
  }
  return start
}

async function* rejoin(start: Buffer, source: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (start.length > 0) yield start
    for (let next = await source.next(); !next.done; next = await source.next()) yield next.value
  } finally {
    await source.return?.()
  }
}

const isGzipFault = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
