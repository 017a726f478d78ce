import type { Readable, Writable } from 'node:stream'
import type { Interruption } from './interruption.ts'

/** A stream that takes text. A terminal says that it is one, and how many columns it has. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/** Variables and their texts; only `loadSettings` looks into them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** All that a command gets from outside. A process hands in its own; a test hands in what it made. */
export interface Surroundings {
  readonly environment: Environment
  readonly stdin: Readable
  /** Takes data, for people or programs that read it. */
  readonly stdout: Output
  /** Takes talk: progress, hints, errors. */
  readonly stderr: Output
  /** Starts to listen for the wish that the command ends; a command that does not listen ends at once. */
  readonly listen: () => Interruption
}
