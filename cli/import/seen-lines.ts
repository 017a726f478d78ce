import { hash, randomBytes } from 'node:crypto'
import type { Entry } from '../../jobs/enqueue/producer.ts'

/** Half a million take 24 MB. */
const REMEMBERED_LINES = 500_000
/** Of the slots of a table at least half stay free, so that a search is short. */
const SLOTS_PER_LINE = 2
/** 96 bits of a keyed hash: among a million lines two are taken for the same once in 10^17 imports. */
const WORDS = 3

/**
 * Remembers the latest lines of a file, to tell those that say the same again. The queue knows an account only as long
 * as its job is not settled, and a fast fleet may be faster than the file.
 *
 * Holds hashes in two tables of fixed size: when one is full, the older one is forgotten.
 */
export class SeenLines {
  readonly #key: string = randomBytes(16).toString('hex')
  readonly #remembered: number
  #recent: Uint32Array
  #older: Uint32Array
  #recentCount = 0

  /** @param remembered so many lines back a repetition is found at least, and twice as many at most */
  constructor(remembered: number = REMEMBERED_LINES) {
    this.#remembered = remembered
    this.#recent = new Uint32Array(remembered * SLOTS_PER_LINE * WORDS)
    this.#older = new Uint32Array(remembered * SLOTS_PER_LINE * WORDS)
  }

  /**
   * Remembers an entry.
   *
   * @returns whether one with the same account, delete type and request was there before
   */
  add(entry: Entry): boolean {
    const digest = this.#digest(entry)
    if (find(this.#recent, digest) === undefined) return true
    const isOld = find(this.#older, digest) === undefined
    this.#remember(digest)
    return isOld
  }

  #digest(entry: Entry): Digest {
    const { account, deleteType = '', request = '' } = typeof entry === 'string' ? { account: entry } : entry
    const bytes = hash('sha1', `${this.#key}\n${account}\n${deleteType}\n${request}`, 'buffer')
    // A slot of zeros is an empty one.
    return [bytes.readUInt32LE(0) || 1, bytes.readUInt32LE(4), bytes.readUInt32LE(8)]
  }

  #remember(digest: Digest): void {
    if (this.#recentCount >= this.#remembered) {
      const reused = this.#older.fill(0)
      this.#older = this.#recent
      this.#recent = reused
      this.#recentCount = 0
    }
    const free = find(this.#recent, digest)
    if (free === undefined) return
    this.#recent.set(digest, free)
    this.#recentCount += 1
  }
}

type Digest = readonly [number, number, number]

/** Looks for a digest: the place where it would go, or nothing when it is there. */
function find(table: Uint32Array, digest: Digest): number | undefined {
  const slots = table.length / WORDS
  for (let slot = digest[1] % slots; ; slot = (slot + 1) % slots) {
    const at = slot * WORDS
    if (table[at] === 0) return at
    if (table[at] === digest[0] && table[at + 1] === digest[1] && table[at + 2] === digest[2]) return undefined
  }
}
