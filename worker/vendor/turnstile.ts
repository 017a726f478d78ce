import { insertByRank } from '../../limiter/insert-by-rank.ts'

/** Bounds the number of callers inside. The others wait in line, the lowest rank first; of the same rank, who came first. */
export class Turnstile {
  #free: number
  readonly #waiting: { readonly rank: number; readonly go: () => void }[] = []

  /** @param places most callers inside at once */
  constructor(places: number) {
    this.#free = places
  }

  /** Whether the next caller would have to wait. */
  get isFull(): boolean {
    return this.#free === 0
  }

  /** Waits for a place. The caller must give it back with {@link leave}, exactly once. */
  enter(rank: number): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1
      return Promise.resolve()
    }
    return new Promise(go => insertByRank(this.#waiting, { rank, go }))
  }

  /** Gives the place to the next in line. */
  leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free += 1
    else next.go()
  }
}
