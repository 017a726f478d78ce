import type { Timers } from '../../limiter/clock.ts'

/** Sixteen saved nothing more (`npm run bench -- cost`), and all of these jobs are done again after kill -9. */
const TOGETHER_AT_MOST = 8
/** So long the first of them waits for the others: a process of a fleet of sixteen makes one call in that time. */
const WAIT_AT_MOST_MS = 100

/**
 * Lets jobs end together, since commands that go to Redis at once cost it and the worker much less than one by one: each
 * command alone wakes both (`npm run bench -- cost`).
 */
export class EndsTogether {
  readonly #timers: Pick<Timers, 'after'>
  readonly #waiting: (() => void)[] = []
  #stopTimer: (() => void) | undefined

  constructor(timers: Pick<Timers, 'after'>) {
    this.#timers = timers
  }

  /**
   * Resolves when eight wait, or 100 ms after the first of them came.
   *
   * @param atOnce lets this one go now, and those that wait
   */
  join(atOnce: boolean): Promise<void> {
    return new Promise(resolve => {
      this.#waiting.push(resolve)
      if (atOnce || this.#waiting.length >= TOGETHER_AT_MOST) this.letGo()
      else this.#stopTimer ??= this.#timers.after(WAIT_AT_MOST_MS, () => this.letGo())
    })
  }

  /** Lets those go that wait now. */
  letGo(): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
    for (const goOn of this.#waiting.splice(0)) goOn()
  }
}
