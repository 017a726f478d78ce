/**
 * The tree of RFC 6962 (section 2.1) over the lines of the log: hashes, the compact range that stands for all leaves so
 * far, roots and inclusion proofs.
 *
 * What belongs in `jobs/receipts/log/`: the formats, without Redis. What does not: who writes, signs or reads them.
 */

import { hash } from 'node:crypto'

const HASH_BYTES = 32
const sha256 = (text: string | Buffer): Buffer => hash('sha256', text, 'buffer')

/** The root of a tree without leaves. */
export const EMPTY_ROOT: Buffer = sha256(Buffer.alloc(0))

/** Hashes a leaf. */
export const leafHash = (line: string): Buffer => sha256(`\0${line}`)

/** Hashes a node of the tree. */
export function nodeHash(left: Buffer, right: Buffer): Buffer {
  left.copy(node, 1)
  right.copy(node, 1 + HASH_BYTES)
  return sha256(node)
}

/** Filled anew for each node: to make it anew takes as long as to hash it. */
const node = Buffer.alloc(1 + 2 * HASH_BYTES, 1)

/** Height of each perfect subtree in a compact range: one for each bit of the size, the largest first. */
const heights = (size: number): number[] =>
  Array.from({ length: 53 }, (_, bit) => 52 - bit).filter(bit => Math.floor(size / 2 ** bit) % 2 === 1)

/** The roots of the perfect subtrees of a tree, largest first: all that is needed to add leaves and to give the root. */
export class CompactRange {
  #size: number
  readonly #hashes: Buffer[]

  /** @throws {RangeError} when the number of hashes does not fit the size */
  constructor(size = 0, hashes: readonly Buffer[] = []) {
    if (!Number.isSafeInteger(size) || size < 0 || heights(size).length !== hashes.length) {
      throw new RangeError(`a tree of ${size} leaves has not ${hashes.length} subtrees`)
    }
    this.#size = size
    this.#hashes = [...hashes]
  }

  get size(): number {
    return this.#size
  }

  get hashes(): readonly Buffer[] {
    return this.#hashes
  }

  /** Heights of the subtrees, in the order of {@link hashes}. */
  get heights(): readonly number[] {
    return heights(this.#size)
  }

  append(leaf: Buffer): void {
    let top = leaf
    for (let size = this.#size; size % 2 === 1; size = (size - 1) / 2) top = nodeHash(this.#hashes.pop() ?? top, top)
    this.#hashes.push(top)
    this.#size += 1
  }

  root(): Buffer {
    const last = this.#hashes.at(-1)
    if (last === undefined) return EMPTY_ROOT
    return this.#hashes.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last)
  }

  copy(): CompactRange {
    return new CompactRange(this.#size, this.#hashes)
  }
}

/** Largest power of two below a size: where RFC 6962 splits a tree. */
export const splitOf = (size: number): number => 2 ** Math.floor(Math.log2(size - 1))

/**
 * Makes the path that proves a leaf, from the leaf up.
 *
 * @param index of the leaf, from 0
 * @param size of the tree
 * @param rootOfRange gives the root over the leaves from `from` up to `to`, exclusive
 */
export function inclusionPath(
  index: number,
  size: number,
  rootOfRange: (from: number, to: number) => Buffer,
): readonly Buffer[] {
  const path: Buffer[] = []
  for (let from = 0, to = size; to - from > 1; ) {
    const middle = from + splitOf(to - from)
    path.push(index < middle ? rootOfRange(middle, to) : rootOfRange(from, middle))
    if (index < middle) to = middle
    else from = middle
  }
  return path.reverse()
}

/** Gives the root that a path leads to from a leaf; nothing where the path has not the length that it must have. */
export function rootFromPath(leaf: Buffer, index: number, size: number, path: readonly Buffer[]): Buffer | undefined {
  if (index < 0 || index >= size) return undefined
  const isLeftAt: boolean[] = []
  for (let from = 0, to = size; to - from > 1; ) {
    const middle = from + splitOf(to - from)
    isLeftAt.push(index < middle)
    if (index < middle) to = middle
    else from = middle
  }
  if (isLeftAt.length !== path.length) return undefined
  return path.reduce((node, sibling, step) => {
    const isLeft = isLeftAt[isLeftAt.length - 1 - step]
    return isLeft ? nodeHash(node, sibling) : nodeHash(sibling, node)
  }, leaf)
}
