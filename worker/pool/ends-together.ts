import type { Timers } from '../../limiter/clock.ts'

/**
 * Jobs whose ends go to Redis together. Half would cost a worker a tenth more. Double would hold up the next calls of the
 * process for 5 ms and more, and all of these jobs are done again after kill -9.
 */
const JOBS = 8
/** So long the first of them waits for the others: a process of a fleet of sixteen makes one call in that time. */
const WAIT_MS = 100

/**
 * Lets jobs end together, since commands that go to Redis at once cost it and the worker much less than one by one: each
 * command alone wakes both (`npm run bench -- cost`).
 */
export class EndsTogether {
  readonly #timers: Pick<Timers, 'after'>
  #waiting: (() => void)[] = []
  #stopTimer: (() => void) | undefined

  constructor(timers: Pick<Timers, 'after'>) {
    this.#timers = timers
  }

  /**
   * Resolves when so many wait, or a while after the first one came.
   *
   * @param atOnce lets this one go now, and those that wait
   */
  join(atOnce: boolean): Promise<void> {
    return new Promise(resolve => {
      this.#waiting.push(resolve)
      if (atOnce || this.#waiting.length >= JOBS) this.letGo()
      else this.#stopTimer ??= this.#timers.after(WAIT_MS, () => this.letGo())
    })
  }

  /** Lets those go that wait now. */
  letGo(): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
    for (const goOn of this.#waiting.splice(0)) goOn()
  }
}
