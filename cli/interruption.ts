/** The wish of a person or a service manager that the command ends. */
export interface Interruption {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal
  /** Stops listening. */
  stop(): void
}

/** Listens for SIGINT and SIGTERM of this process. A second signal of the same name ends the process at once. */
export function abortOnSignals(): Interruption {
  const interrupted = new AbortController()
  const abort = (): void => interrupted.abort()
  process.once('SIGINT', abort).once('SIGTERM', abort)
  return { signal: interrupted.signal, stop: () => void process.off('SIGINT', abort).off('SIGTERM', abort) }
}
