import { once } from 'node:events'
import type { Surroundings } from './surroundings.ts'
import { visible } from './visible.ts'

/** Tools of a command: its surroundings, and the ways to write and to end. */
export interface Shell extends Surroundings {
  /** Writes a line of data, or several, to stdout. What would steer a terminal is made visible. */
  readonly print: (lines: string | readonly string[]) => void
  /** Writes data to stdout as it is, and waits until the reader has room for more. For files, not for people. */
  readonly write: (text: string) => Promise<void>
  /** Writes a line of talk, or several, to stderr. What would steer a terminal is made visible. */
  readonly say: (lines: string | readonly string[]) => void
  /** Makes the action of a command. Its exit code becomes the program's. */
  readonly action: <Arguments extends unknown[]>(
    act: (...given: Arguments) => Promise<number>,
  ) => (...given: Arguments) => Promise<void>
}

/** Makes the tools of a command; `onEnd` gets its exit code. */
export function createShell(surroundings: Surroundings, onEnd: (exitCode: number) => void): Shell {
  const { stdout, stderr } = surroundings
  return {
    ...surroundings,
    print: lines => void stdout.write(textOf(lines)),
    write: async text => {
      if (!stdout.write(text)) await once(stdout, 'drain')
    },
    say: lines => void stderr.write(textOf(lines)),
    action:
      act =>
      async (...given) =>
        onEnd(await act(...given)),
  }
}

// Lines come one by one, so that a line break within one is made visible like all else that steers a terminal.
const textOf = (lines: string | readonly string[]): string =>
  [lines]
    .flat()
    .map(line => `${visible(line)}\n`)
    .join('')
