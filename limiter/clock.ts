/** The only place that asks for the time, so that tests can give their own. */
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

/** The only timers that tests need to steer. */
export interface Timers {
  /**
   * Does something later, once.
   *
   * @returns takes it back; without effect when it has been done
   */
  after(ms: number, act: () => void): () => void
  /** As {@link after}, and does not keep the process running for it. */
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
