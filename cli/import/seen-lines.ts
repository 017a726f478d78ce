import { hash, randomBytes } from 'node:crypto'
import type { Entry } from '../../jobs/enqueue/producer.ts'

/** Lines of one table; the two tables together take 24 MB. */
const REMEMBERED_LINES = 500_000
/** At least half of a table's slots stay free, so that a search is short. */
const SLOTS_PER_LINE = 2
/** 96 bits of a keyed hash: two of a million lines get the same hash once in 10^17 imports. */
const WORDS = 3

/**
 * Remembers the latest lines of a file and finds those that repeat one. The queue knows an account only until its job
 * is settled, and a fast fleet may settle the job before the repetition comes.
 *
 * It holds hashes in two tables of fixed size. When the newer table is full, it forgets the older one.
 */
export class SeenLines {
  readonly #key: string = randomBytes(16).toString('hex')
  readonly #remembered: number
  #recent: Uint32Array
  #older: Uint32Array
  #recentCount = 0

  /** @param remembered a repetition is found at least this many lines back, and at most twice as many */
  constructor(remembered: number = REMEMBERED_LINES) {
    this.#remembered = remembered
    this.#recent = new Uint32Array(remembered * SLOTS_PER_LINE * WORDS)
    this.#older = new Uint32Array(remembered * SLOTS_PER_LINE * WORDS)
  }

  /**
   * Remembers an entry.
   *
   * @returns whether it repeats an entry: the same account, delete type, due date and request
   */
  add(entry: Entry): boolean {
    const digest = this.#digest(entry)
    if (find(this.#recent, digest) === undefined) return true
    const isOld = find(this.#older, digest) === undefined
    this.#remember(digest)
    return isOld
  }

  #digest(entry: Entry): Digest {
    const { account, deleteType = '', due = '', request = '' } = typeof entry === 'string' ? { account: entry } : entry
    const bytes = hash('sha1', `${this.#key}\n${account}\n${deleteType}\n${due}\n${request}`, 'buffer')
    // A slot that begins with 0 is empty.
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

/** Finds the free place for a digest; `undefined` if the table holds it already. */
function find(table: Uint32Array, digest: Digest): number | undefined {
  const slots = table.length / WORDS
  for (let slot = digest[1] % slots; ; slot = (slot + 1) % slots) {
    const at = slot * WORDS
    if (table[at] === 0) return at
    if (table[at] === digest[0] && table[at + 1] === digest[1] && table[at + 2] === digest[2]) return undefined
  }
}
