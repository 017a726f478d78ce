import type { Clock } from './clock.ts'

const AGAIN_AFTER_MS = 60_000
/** Messages that hold an id are all different; without a bound they would fill the memory. */
const REMEMBERED = 100

/** Lets the same words through once a minute, so that a fault that lasts fills no log. */
export class OncePerMinute {
  readonly #clock: Clock
  readonly #saidAt = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether the caller may say these words now; if so, they count as said. */
  allows(words: string): boolean {
    const now = this.#clock.monotonicMs()
    const isDue = now - (this.#saidAt.get(words) ?? Number.NEGATIVE_INFINITY) >= AGAIN_AFTER_MS
    if (this.#saidAt.size >= REMEMBERED) this.#saidAt.clear()
    if (isDue) this.#saidAt.set(words, now)
    return isDue
  }
}
