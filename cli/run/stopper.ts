/** Ends a run early, for the first reason there is. */
export class Stopper {
  readonly #controller = new AbortController()
  #timer: NodeJS.Timeout | undefined

  /**
   * @param interrupted aborts at a signal
   * @param maxTimeMs ends the run after this time; default: never
   */
  constructor(interrupted: AbortSignal, maxTimeMs: number | undefined) {
    if (interrupted.aborted) this.stop('interrupted')
    interrupted.addEventListener('abort', () => this.stop('interrupted'), { once: true })
    if (maxTimeMs !== undefined) this.#timer = setTimeout(() => this.stop('--max-time is over'), maxTimeMs)
  }

  /** Aborts when the run is to end early. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Why the run ends early, in words; `undefined` while it does not. */
  get reason(): string | undefined {
    return this.signal.aborted ? String(this.signal.reason) : undefined
  }

  /** Ends the run early. Only the first reason counts. */
  stop(reason: string): void {
    this.#controller.abort(reason)
  }

  /** Forgets the time limit, which would keep the process from ending. Safe to repeat. */
  close(): void {
    clearTimeout(this.#timer)
  }
}
