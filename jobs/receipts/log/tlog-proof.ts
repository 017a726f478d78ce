/** Proof that one entry is in the log: the text of C2SP (c2sp.org/tlog-proof, read 2026-11), and the line in front. */

import { type Head, parseHead } from './head.ts'
import { leafHash, rootFromPath } from './merkle.ts'

const HEADER = 'c2sp.org/tlog-proof@v1'

/** The parts of a proof. */
export interface TlogProof {
  /** The entry's line, without its signature. */
  readonly line: string
  /** From 0. */
  readonly index: number
  readonly path: readonly Buffer[]
  /** The signed head. */
  readonly note: string
}

/** Writes a proof: the line, a line feed, and the text of C2SP. */
export const formatProof = ({ line, index, path, note }: TlogProof): string =>
  [line, HEADER, `index ${index}`, ...path.map(hash => hash.toString('base64')), '', note].join('\n')

/** Reads a proof; nothing where it has another form. */
export function parseProof(text: string): (TlogProof & { readonly head: Head }) | undefined {
  const [, line = '', index, hashes = '', note = ''] =
    /^(\{[^\n]*\})\nc2sp\.org\/tlog-proof@v1\nindex (0|[1-9]\d{0,15})\n((?:[A-Za-z0-9+/]{43}=\n)*)\n([\s\S]*)$/.exec(
      text,
    ) ?? []
  const head = parseHead(note)
  if (index === undefined || head === undefined) return undefined
  const path = hashes
    .split('\n')
    .slice(0, -1)
    .map(hash => Buffer.from(hash, 'base64'))
  return { line, index: Number(index), path, note, head }
}

/** Whether the line is in the tree of the head. The caller checks who signed the head. */
export function isProved({ line, index, path, head }: TlogProof & { readonly head: Head }): boolean {
  return rootFromPath(leafHash(line), index, head.size, path)?.equals(head.root) ?? false
}
