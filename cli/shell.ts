import { once } from 'node:events'
import type { Surroundings } from './surroundings.ts'

/** Tools of a command: its surroundings, and the ways to write and to end. */
export interface Shell extends Surroundings {
  /** Writes a line of data to stdout. */
  readonly print: (text: string) => void
  /** Writes data to stdout and waits until the reader has room for more. */
  readonly write: (text: string) => Promise<void>
  /** Writes a line of talk to stderr. */
  readonly say: (text: string) => void
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
