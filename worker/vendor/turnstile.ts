/** Bounds the number of callers inside. The others wait in line, first come, first served, unless one goes first. */
export class Turnstile {
  #free: number
  readonly #waiting: (() => void)[] = []

  /** @param places most callers inside at once */
  constructor(places: number) {
    this.#free = places
  }

  /**
   * Waits for a place. The caller must give it back with {@link leave}, exactly once.
   *
   * @param where end of the line at which the caller waits
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
