import fc from 'fast-check'

/** Gives bytes in the given pieces, as a file or a pipe would. */
export async function* inPieces(...pieces: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) yield Buffer.from(piece)
}

/** Cuts bytes at the given places, which may lie within a character. */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map(place => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...ends].map((from, index) => bytes.subarray(from, ends[index] ?? bytes.length))
}

/** Places for {@link cut}. */
export const places: fc.Arbitrary<number[]> = fc.array(fc.nat(400), { maxLength: 12 })

/** Collects all items of a stream. */
export async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}
