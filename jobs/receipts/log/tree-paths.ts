import { type CompactRange, EMPTY_ROOT, inclusionPath, nodeHash, splitOf } from './merkle.ts'

/** A tree whose leaves are at hand, all but those in front of a beginning, and the paths that prove them. */
export class TreePaths {
  readonly #after: number
  /** Roots of the perfect subtrees in front of the beginning, by their first leaf. */
  readonly #front = new Map<number, Buffer>()
  readonly #leaves: Buffer[] = []

  /** @param begin the tree in front of the first leaf */
  constructor(begin: CompactRange) {
    this.#after = begin.size
    let from = 0
    for (const [index, height] of begin.heights.entries()) {
      const hash = begin.hashes[index]
      if (hash !== undefined) this.#front.set(from, hash)
      from += 2 ** height
    }
  }

  append(leaf: Buffer): void {
    this.#leaves.push(leaf)
  }

  root(): Buffer {
    const size = this.#after + this.#leaves.length
    return size === 0 ? EMPTY_ROOT : this.#rootOf(0, size)
  }

  /** Makes the path of a leaf that was appended. `index` counts all leaves, from 0. */
  pathOf(index: number): readonly Buffer[] {
    return inclusionPath(index, this.#after + this.#leaves.length, (from, to) => this.#rootOf(from, to))
  }

  #rootOf(from: number, to: number): Buffer {
    // A path from a leaf behind the beginning meets the subtrees in front of it whole.
    if (to <= this.#after) return this.#front.get(from) ?? EMPTY_ROOT
    if (to - from === 1) return this.#leaves[from - this.#after] ?? EMPTY_ROOT
    const middle = from + splitOf(to - from)
    return nodeHash(this.#rootOf(from, middle), this.#rootOf(middle, to))
  }
}
