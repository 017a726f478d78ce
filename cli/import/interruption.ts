/** The wish of a person or a service manager that the program comes to its end. */
export interface Interruption {
  readonly signal: AbortSignal
  /** Stops listening. */
  stop(): void
}

/** Listens for SIGINT and SIGTERM. A second one ends the process at once. */
export function abortOnSignals(): Interruption {
  const interrupted = new AbortController()
  const abort = (): void => interrupted.abort()
  process.once('SIGINT', abort).once('SIGTERM', abort)
  return { signal: interrupted.signal, stop: () => void process.off('SIGINT', abort).off('SIGTERM', abort) }
}
