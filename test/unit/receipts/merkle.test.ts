import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CompactRange, leafHash, rootFromPath } from '../../../jobs/receipts/log/merkle.ts'
import { TreePaths } from '../../../jobs/receipts/log/tree-paths.ts'

const sha256 = (...parts: (Buffer | string)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()

/** The root as RFC 6962 defines it, word for word. */
function definedRoot(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256('')
  if (leaves.length === 1) return leaves[0] ?? sha256('')
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return sha256('\x01', definedRoot(leaves.slice(0, k)), definedRoot(leaves.slice(k)))
}

const leavesOf = (count: number): Buffer[] => Array.from({ length: count }, (_, index) => leafHash(`line ${index}`))
const rangeOf = (leaves: readonly Buffer[]): CompactRange => {
  const range = new CompactRange()
  for (const leaf of leaves) range.append(leaf)
  return range
}
const sizes = fc.integer({ min: 1, max: 200 })

describe('the tree of RFC 6962', () => {
  it('hashes leaves and the empty tree as the standard’s own examples', () => {
    expect(new CompactRange().root().toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    )
    expect(leafHash('').toString('hex')).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
  })

  it('has the root that the standard defines, whatever its size', () => {
    for (let size = 0; size <= 70; size++) {
      expect(rangeOf(leavesOf(size)).root()).toEqual(definedRoot(leavesOf(size)))
    }
  })

  it('goes on from a compact range as if it had all leaves', () => {
    fc.assert(
      fc.property(sizes, sizes, (before, more) => {
        const leaves = leavesOf(before + more)
        const range = rangeOf(leaves.slice(0, before))
        const again = new CompactRange(range.size, range.hashes)
        for (const leaf of leaves.slice(before)) again.append(leaf)
        expect(again.root()).toEqual(rangeOf(leaves).root())
      }),
    )
  })

  it('proves each leaf by a path, also behind a beginning of which only the compact range is left', () => {
    fc.assert(
      fc.property(sizes, sizes, fc.nat(), (before, more, pick) => {
        const leaves = leavesOf(before + more)
        const tree = new TreePaths(rangeOf(leaves.slice(0, before)))
        for (const leaf of leaves.slice(before)) tree.append(leaf)
        const index = before + (pick % more)
        const path = tree.pathOf(index)
        const root = rangeOf(leaves).root()
        expect(tree.root()).toEqual(root)
        expect(rootFromPath(leafHash(`line ${index}`), index, leaves.length, path)).toEqual(root)
        expect(rootFromPath(leafHash('another line'), index, leaves.length, path)).not.toEqual(root)
        expect(rootFromPath(leafHash(`line ${index}`), index, leaves.length, path.slice(1)) ?? null).not.toEqual(root)
      }),
    )
  })

  it('refuses a compact range whose hashes do not fit its size', () => {
    expect(() => new CompactRange(3, leavesOf(1))).toThrow(RangeError)
    expect(() => new CompactRange(-1, [])).toThrow(RangeError)
    expect(() => new CompactRange(0.5, [])).toThrow(RangeError)
  })
})
