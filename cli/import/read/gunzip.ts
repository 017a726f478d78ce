import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { InputFormatError } from './input-format-error.ts'
import { peek } from './peek.ts'

/**
 * Unpacks gzip, which its first two bytes show; other data passes as it is.
 *
 * @param chunks the input in pieces of any size
 * @returns the unpacked data, whose reading throws `InputFormatError` where the gzip data is damaged or cut off
 */
export async function gunzip(
  chunks: AsyncIterable<Buffer>,
): Promise<{ readonly gzipped: boolean; readonly chunks: AsyncIterable<Buffer> }> {
  const peeked = await peek(chunks, 2)
  const gzipped = peeked.start[0] === 0x1f && peeked.start[1] === 0x8b
  return { gzipped, chunks: gzipped ? unpack(peeked.chunks) : peeked.chunks }
}

async function* unpack(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const unpacking = createGunzip()
  // `pipeline` needs a callback, which has nothing to do: the loop below gets the error.
  pipeline(Readable.from(chunks), unpacking, () => {})
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

const isGzipFault = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
