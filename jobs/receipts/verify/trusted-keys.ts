import type { LogEntry } from '../log/entry.ts'
import { keyChangeIn } from '../log/key-change.ts'
import { parseOrigin } from '../log/origin.ts'

/** A change of the key, at an entry. */
interface Change {
  readonly seq: number
  readonly from: Buffer
  readonly to: Buffer
}

/**
 * The keys that a reader may trust who trusts one: those before it and behind it, as far as the log says by entries that
 * both the old key and the new one have signed.
 */
export class TrustedKeys {
  readonly #given: readonly Buffer[]
  readonly #changes: Change[] = []

  constructor(given: readonly Buffer[]) {
    this.#given = given
  }

  /** Takes in an entry by which the key changes, if both keys have signed it. */
  change(entry: LogEntry, origin: string): void {
    const identity = parseOrigin(origin)
    const change = identity && keyChangeIn(entry, identity)
    if (change === undefined) return
    const [from, to] = [Buffer.from(change.from, 'base64'), Buffer.from(change.to, 'base64')]
    this.#changes.push({ seq: entry.seq, from, to })
  }

  /** Gives all keys that may be trusted. */
  all(): readonly Buffer[] {
    const trusted = [...this.#given]
    const has = (key: Buffer): boolean => trusted.some(each => each.equals(key))
    for (let before = -1; before !== trusted.length; ) {
      before = trusted.length
      for (const { from, to } of this.#changes) {
        if (has(to) && !has(from)) trusted.push(from)
        if (has(from) && !has(to)) trusted.push(to)
      }
    }
    return trusted
  }

  /** Gives the keys that may have signed something at a number: no key that was changed for another one before it. */
  at(seq: number): readonly Buffer[] {
    const over = this.#changes.filter(change => change.seq < seq).map(({ from }) => from)
    const early = this.#changes.filter(change => change.seq >= seq).map(({ to }) => to)
    return this.all().filter(key => ![...over, ...early].some(each => each.equals(key)))
  }
}
