/**
 * Remembers which accounts are being written right now. A second write to one of them is what the vendor answers
 * with 30008; a two-way delete writes the list of every friend too.
 */
export class WriteLocks {
  readonly #held = new Set<string>()

  /** Tells whether none of them is being written. */
  areFree(accounts: readonly string[]): boolean {
    return this.#held.size === 0 || !accounts.some(account => this.#held.has(account))
  }

  /** Locks all of them and answers with the function that lets go, or `undefined` and locks none. */
  acquire(accounts: readonly string[]): (() => void) | undefined {
    if (!this.areFree(accounts)) return undefined
    for (const account of accounts) this.#held.add(account)
    return () => {
      for (const account of accounts) this.#held.delete(account)
    }
  }
}
