/** Looks that are remembered. */
const REMEMBERED = 10

/** Looks at the newest number of a log, so that a keeper knows which entries have been there for some time. */
export class Looks {
  readonly #looks: { readonly seq: number; readonly at: number }[] = []

  look(seq: number): void {
    this.#looks.push({ seq, at: performance.now() })
    if (this.#looks.length > REMEMBERED) this.#looks.shift()
  }

  /** Gives the newest number that was there so long ago; 0 where nobody looked then. */
  newestBefore(ms: number): number {
    const before = performance.now() - ms
    return this.#looks.findLast(({ at }) => at <= before)?.seq ?? 0
  }

  forget(): void {
    this.#looks.length = 0
  }
}
