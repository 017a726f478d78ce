/** The time, for parts that tests run with a clock of their own. */
export interface Clock {
  /** Milliseconds that never jump; only differences mean something. */
  monotonicMs(): number
  /** Milliseconds since 1970 as this host believes. */
  epochMs(): number
}

/** The clock of this host. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  epochMs: () => Date.now(),
}

/** Timers, for parts that tests run with timers of their own. */
export interface Timers {
  /**
   * Calls a function later, once.
   *
   * @returns a function that cancels the call; without effect after the call
   */
  after(ms: number, act: () => void): () => void
  /** As {@link after}, but does not keep the process running for it. */
  afterIfRunning(ms: number, act: () => void): () => void
}

/** The timers of this host. */
export const systemTimers: Timers = {
  after: (ms, act) => {
    const timer = setTimeout(act, ms)
    return () => clearTimeout(timer)
  },
  afterIfRunning: (ms, act) => {
    const timer = setTimeout(act, ms).unref()
    return () => clearTimeout(timer)
  },
}
