/** Lets a bounded number through at a time; the others wait, first come, first served, unless one may go first. */
export class Turnstile {
  #free: number
  readonly #waiting: (() => void)[] = []

  /** @param places how many may be inside at once */
  constructor(places: number) {
    this.#free = places
  }

  /**
   * Waits for a place. Give it back with {@link leave}, exactly once.
   *
   * @param where in the line to wait
   */
  enter(where: 'first' | 'last' = 'last'): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1
      return Promise.resolve()
    }
    return new Promise(resolve => {
      if (where === 'first') this.#waiting.unshift(resolve)
      else this.#waiting.push(resolve)
    })
  }

  /** Gives the place to the next in line. */
  leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free += 1
    else next()
  }
}
