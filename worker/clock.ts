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
