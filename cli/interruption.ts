/** A person or a service manager wants the command to end. */
export interface Interruption {
  /** Aborted at the first wish. */
  readonly signal: AbortSignal
  /** Stops listening. */
  stop(): void
}

/** Listens for SIGINT and SIGTERM of this process. A second one ends the process at once. */
export function abortOnSignals(): Interruption {
  const interrupted = new AbortController()
  const abort = (): void => interrupted.abort()
  process.once('SIGINT', abort).once('SIGTERM', abort)
  return { signal: interrupted.signal, stop: () => void process.off('SIGINT', abort).off('SIGTERM', abort) }
}
