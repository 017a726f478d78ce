/** Numbers of one sealer, as far as its entries were seen. */
interface Seen {
  /** First number that counts: 1, or the first one that was seen where the beginning is not at hand. */
  first: number
  /** All numbers below this were told as written or void, or are missing. */
  low: number
  /** Numbers from `low` on that were seen. */
  readonly ahead: Set<number>
  readonly voids: Set<number>
  readonly missing: Set<number>
  /** When its last entry was written, epoch ms. */
  at: number
}

/** The numbers of all sealers in a form that can be kept as JSON. */
export interface NumbersState {
  /** Whether each sealer must begin with 1: not where the log is not followed from its beginning. */
  readonly fromStart: boolean
  readonly sealers: Readonly<Record<string, readonly [number, number, number[], number[], number[], number]>>
}

/** A fault of the numbers. */
export interface NumberFault {
  readonly sealer: string
  readonly n: number
}

/** A sealer is forgotten when it was silent for a day; it takes a new id long before. */
const SILENT_MS = 86_400_000
/** No sealer has more entries under way. A larger gap is one fault, or a forged number would cost all memory. */
const GAP_AT_MOST = 100_000

/**
 * Follows the numbers that sealers give to their entries. A number is missing when the sealer has said by a later entry
 * that all numbers up to it are written or void, and it was neither seen nor named as void.
 */
export class SealerNumbers {
  readonly #sealers: Map<string, Seen>
  #fromStart: boolean

  constructor(state: NumbersState = { fromStart: true, sealers: {} }) {
    this.#fromStart = state.fromStart
    this.#sealers = new Map(
      Object.entries(state.sealers).map(([sealer, [first, low, ahead, voids, missing, at]]) => [
        sealer,
        { first, low, ahead: new Set(ahead), voids: new Set(voids), missing: new Set(missing), at },
      ]),
    )
  }

  /** Numbers that are missing so far. A `lost` entry may still explain them. */
  get missing(): readonly NumberFault[] {
    return [...this.#sealers].flatMap(([sealer, { missing }]) => [...missing].map(n => ({ sealer, n })))
  }

  /**
   * Takes in an entry.
   *
   * @returns `twice` where the number was seen before, or stands behind an entry that was sealed when it was written
   */
  add(
    { sealer, n, open, void: voids }: { sealer: string; n: number; open: number; void: readonly number[] },
    at: number,
  ): 'good' | 'twice' {
    const seen = this.#sealers.get(sealer) ?? newSeen(this.#fromStart ? 1 : n, at)
    this.#sealers.set(sealer, seen)
    seen.at = Math.max(seen.at, at)
    for (const each of voids) {
      // Where an answer of Redis was lost, its sealer names the number of an entry that is there.
      if (!isThere(seen, each)) seen.voids.add(each)
      seen.missing.delete(each)
    }
    if (!this.#take(seen, n)) return 'twice'
    if (n - open > seen.low + GAP_AT_MOST) seen.missing.add(seen.low)
    else for (; seen.low < n - open; seen.low++) settle(seen, seen.low)
    seen.low = Math.max(seen.low, n - open)
    return 'good'
  }

  /** Takes in that Redis has lost numbers of a sealer. */
  lose(sealer: string, ranges: readonly (readonly [number, number])[]): void {
    const seen = this.#sealers.get(sealer)
    for (const [from, to] of ranges) {
      for (let n = from; n <= Math.min(to, from + GAP_AT_MOST); n++) {
        seen?.voids.add(n)
        seen?.missing.delete(n)
      }
    }
  }

  /** Begins anew with all sealers, since a person has taken note of what is missing. */
  forget(): void {
    this.#sealers.clear()
    this.#fromStart = false
  }

  /** Gives what must be kept, without sealers that have long been silent. */
  state(now: number): NumbersState {
    const kept = [...this.#sealers].filter(([, seen]) => now - seen.at < SILENT_MS)
    const sealers = kept.map(([sealer, { first, low, ahead, voids, missing, at }]) => [
      sealer,
      [first, low, [...ahead], [...voids], [...missing], at],
    ])
    return { fromStart: this.#fromStart, sealers: Object.fromEntries(sealers) }
  }

  #take(seen: Seen, n: number): boolean {
    if (n >= seen.low && !seen.ahead.has(n)) {
      seen.ahead.add(n)
      seen.voids.delete(n)
      return true
    }
    // Nobody knew what became of it when its number was named as void; it was on its way.
    if (seen.voids.delete(n)) return true
    // It was on its way when this part of the log began.
    if (n < seen.first && seen.first > 1) return true
    return false
  }
}

const newSeen = (first: number, at: number): Seen => ({
  ...{ first, low: first, at, ahead: new Set<number>(), voids: new Set<number>(), missing: new Set<number>() },
})

const isThere = ({ first, low, ahead, voids, missing }: Seen, n: number): boolean =>
  n < low ? n >= first && !voids.has(n) && !missing.has(n) : ahead.has(n)

function settle({ ahead, voids, missing }: Seen, n: number): void {
  if (!(ahead.delete(n) || voids.has(n))) missing.add(n)
}
