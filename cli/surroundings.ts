import type { Readable, Writable } from 'node:stream'

/** A stream for text. A terminal has `isTTY` set and knows its columns. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/** Environment variables and their texts; `loadSettings` parses the settings among them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Everything that a command gets from outside. The process gives its own; a test gives its own making. */
export interface Surroundings {
  readonly environment: Environment
  /** Working directory. */
  readonly folder: string
  readonly stdin: Readable
  /** For data, which people or programs read. */
  readonly stdout: Output
  /** For talk: progress, hints, errors. */
  readonly stderr: Output
  /** Starts to listen for signals; the first one aborts. Without it a signal ends the command at once. */
  readonly listen: () => AbortSignal
}

/** Listens for SIGINT, SIGTERM and SIGHUP of this process. A second signal of the same name ends the process at once. */
export function abortOnSignals(): AbortSignal {
  const interrupted = new AbortController()
  const abort = (): void => interrupted.abort()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, abort)
  return interrupted.signal
}
