/** Runs things later, and drops all that is left when the server closes. */
export class Timers {
  readonly #pending = new Set<NodeJS.Timeout>()

  /** Runs `action` after `waitMs`, and at once when that is 0 or less. */
  after(waitMs: number, action: () => void): void {
    if (waitMs <= 0) {
      action()
      return
    }
    const timer = setTimeout(() => {
      this.#pending.delete(timer)
      action()
    }, waitMs)
    this.#pending.add(timer)
  }

  clear(): void {
    for (const timer of this.#pending) clearTimeout(timer)
    this.#pending.clear()
  }
}
