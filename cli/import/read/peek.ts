/** The start of a stream, and the whole stream, of which nothing is lost. */
export interface Peeked {
  /** As many bytes as were asked for, unless the stream is shorter. */
  readonly start: Buffer
  /** Whether the stream ends behind the start. */
  readonly isAll: boolean
  readonly chunks: AsyncIterable<Buffer>
  /** Closes the source of a stream that nobody will read. */
  close(): Promise<void>
}

/** Looks at the first bytes of a stream. Waits until they are there, or the stream ends. */
export async function peek(chunks: AsyncIterable<Buffer>, bytes: number): Promise<Peeked> {
  const source = chunks[Symbol.asyncIterator]()
  const pieces: Buffer[] = []
  let length = 0
  let isAll = false
  // A byte more shows whether the stream ends, so that the answer does not depend on where its pieces end.
  while (length <= bytes && !isAll) {
    const next = await source.next()
    if (next.done) isAll = true
    else {
      pieces.push(next.value)
      length += next.value.length
    }
  }
  const read = Buffer.concat(pieces)
  const start = read.subarray(0, bytes)
  return {
    start,
    isAll: isAll && length <= bytes,
    chunks: rejoin(read, source),
    close: async () => void (await source.return?.()),
  }
}

async function* rejoin(start: Buffer, source: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (start.length > 0) yield start
    for (let next = await source.next(); !next.done; next = await source.next()) yield next.value
  } finally {
    await source.return?.()
  }
}
