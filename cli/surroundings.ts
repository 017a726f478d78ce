import type { Readable, Writable } from 'node:stream'

/** A stream for text. A terminal has `isTTY` set and knows its columns. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/** Environment variables and their texts; `loadSettings` parses the settings among them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The wish of a person or a service manager that the command ends. */
export interface Interruption {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal
  /** Stops listening. */
  stop(): void
}

/** Everything that a command gets from outside. The process gives its own; a test gives its own making. */
export interface Surroundings {
  readonly environment: Environment
  readonly stdin: Readable
  /** For data, which people or programs read. */
  readonly stdout: Output
  /** For talk: progress, hints, errors. */
  readonly stderr: Output
  /** Starts to listen for signals. Without it a signal ends the command at once. */
  readonly listen: () => Interruption
}

/** Listens for SIGINT and SIGTERM of this process. A second signal of the same name ends the process at once. */
export function abortOnSignals(): Interruption {
  const interrupted = new AbortController()
  const abort = (): void => interrupted.abort()
  process.once('SIGINT', abort).once('SIGTERM', abort)
  return { signal: interrupted.signal, stop: () => void process.off('SIGINT', abort).off('SIGTERM', abort) }
}
