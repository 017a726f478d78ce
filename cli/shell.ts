import { once } from 'node:events'
import type { Surroundings } from './surroundings.ts'

/** What a command works with: its surroundings, and how it writes and ends. */
export interface Shell extends Surroundings {
  /** Writes a line of data to stdout. */
  readonly print: (text: string) => void
  /** Writes much data to stdout, no faster than it is read. */
  readonly write: (text: string) => Promise<void>
  /** Writes a line of talk to stderr. */
  readonly say: (text: string) => void
  /** Makes the action of a command; the exit code that it gives becomes that of the program. */
  readonly action: <Arguments extends unknown[]>(
    act: (...given: Arguments) => Promise<number>,
  ) => (...given: Arguments) => Promise<void>
}

/** Makes what one command works with; `onEnd` gets its exit code. */
export function createShell(surroundings: Surroundings, onEnd: (exitCode: number) => void): Shell {
  const { stdout, stderr } = surroundings
  return {
    ...surroundings,
    print: text => void stdout.write(`${text}\n`),
    write: async text => {
      if (!stdout.write(text)) await once(stdout, 'drain')
    },
    say: text => void stderr.write(`${text}\n`),
    action:
      act =>
      async (...given) =>
        onEnd(await act(...given)),
  }
}
