import type { Clock } from './clock.ts'

const AGAIN_AFTER_MS = 60_000
/** Words that hold an id are all different, and none of them may stay for good. */
const REMEMBERED = 100

/** Lets the same words through once a minute, so that a fault that lasts fills no log. */
export class OncePerMinute {
  readonly #clock: Clock
  readonly #saidAt = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether these words may be said now; they count as said then. */
  allows(words: string): boolean {
    const now = this.#clock.monotonicMs()
    const isDue = now - (this.#saidAt.get(words) ?? Number.NEGATIVE_INFINITY) >= AGAIN_AFTER_MS
    if (this.#saidAt.size >= REMEMBERED) this.#saidAt.clear()
    if (isDue) this.#saidAt.set(words, now)
    return isDue
  }
}
