import type { CompactRange } from '../log/merkle.ts'

const HASH_BYTES = 32
const AT_FIRST = 1024

/** The hashes of the leaves of a part of the log, 32 bytes each, and the roots that they give. */
export class LeafHashes {
  readonly #begin: CompactRange
  #bytes = Buffer.alloc(AT_FIRST * HASH_BYTES)
  #count = 0

  /** @param begin the tree in front of the first leaf */
  constructor(begin: CompactRange) {
    this.#begin = begin
  }

  /** Number of leaves in front of these. */
  get after(): number {
    return this.#begin.size
  }

  /** Number of leaves up to the last of these. */
  get through(): number {
    return this.after + this.#count
  }

  append(hash: Buffer): void {
    if ((this.#count + 1) * HASH_BYTES > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes], this.#bytes.length * 2)
    }
    hash.copy(this.#bytes, this.#count * HASH_BYTES)
    this.#count += 1
  }

  /** Gives a leaf by its index in the whole log, from 0. */
  at(index: number): Buffer {
    const from = (index - this.after) * HASH_BYTES
    return this.#bytes.subarray(from, from + HASH_BYTES)
  }

  /** Gives the root of the tree of so many leaves; nothing where this part does not reach there. */
  rootAt(size: number): Buffer | undefined {
    if (size < this.after || size > this.through) return undefined
    const range = this.#begin.copy()
    // Each leaf needs a copy of its own, since the range keeps some.
    for (let index = this.after; index < size; index++) range.append(Buffer.from(this.at(index)))
    return range.root()
  }
}
