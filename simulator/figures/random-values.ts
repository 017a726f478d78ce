/** How many of the newest values are remembered; a client that repeats itself does so soon. */
const REMEMBERED = 65_536

/**
 * Counts `random` values that were used before. Only the newest 65,536 are remembered: chance alone then repeats one
 * in 65,536 calls at most, and a long run costs no more memory than a short one.
 */
export class RandomValues {
  repeated = 0
  readonly #known = new Set<number>()
  readonly #order = new Int32Array(REMEMBERED)
  #count = 0

  /** `value` is an unsigned 32-bit integer. */
  note(value: number): void {
    const signed = value | 0
    if (this.#known.has(signed)) {
      this.repeated += 1
      return
    }
    const place = this.#count % REMEMBERED
    if (this.#count >= REMEMBERED) this.#known.delete(this.#order[place] ?? 0)
    this.#order[place] = signed
    this.#known.add(signed)
    this.#count += 1
  }
}
