const CHUNK = 65_536

/** Numbers of entries that were seen: a bit each, since exports have millions. */
export class SeenNumbers {
  readonly #chunks = new Map<number, Uint8Array>()

  /** Remembers a number; tells whether it is new. */
  add(seq: number): boolean {
    const at = Math.floor(seq / CHUNK)
    const chunk = this.#chunks.get(at) ?? new Uint8Array(CHUNK / 8)
    this.#chunks.set(at, chunk)
    const [byte, bit] = [(seq % CHUNK) >> 3, 1 << (seq % 8)]
    const before = chunk[byte] ?? 0
    chunk[byte] = before | bit
    return (before & bit) === 0
  }
}
