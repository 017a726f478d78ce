import type { Readable, Writable } from 'node:stream'
import type { Interruption } from './interruption.ts'

/** A stream for text. A terminal has `isTTY` set and knows its columns. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/** Environment variables and their texts; `loadSettings` parses the settings among them. */
export type Environment = Readonly<Record<string, string | undefined>>

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
