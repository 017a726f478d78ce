import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../surroundings.ts'

/** An installed package runs this file from `dist/`, a level deeper. */
const root = import.meta.url.endsWith('.js') ? '../../../' : '../../'
const entry = fileURLToPath(new URL(`${root}bin/clear-friends.js`, import.meta.url))

/** A `clear-friends` command that runs as a process of its own. */
export interface ChildCommand {
  readonly process: ChildProcess
  /** Gives the next line of its stdout; rejects when the command ends without one. */
  nextLine(): Promise<string>
  /** Resolves with the exit code at the end of the command; the end by a signal counts as 1. */
  readonly ended: Promise<number>
  /** Asks the command to end. Safe to repeat. */
  stop(): void
}

/**
 * Starts a command of this program with the same Node.js.
 *
 * @param args command line, for instance `['worker']`
 * @param environment the whole environment of the command
 * @param folder its working directory
 */
export function startCommand(args: readonly string[], environment: Environment, folder: string): ChildCommand {
  const child = spawn(process.execPath, [entry, ...args], {
    env: environment,
    cwd: folder,
    // Of a session of its own, so that Ctrl-C in the terminal reaches only the demo, which ends its parts.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ended = exitCodeOf(child)
  return {
    process: child,
    nextLine: async () => {
      const { value, done } = await lines.next()
      if (!done) return value
      throw new Error(`\`clear-friends ${args[0]}\` ended with exit code ${await ended}.`)
    },
    ended,
    stop: () => void child.kill('SIGTERM'),
  }
}

async function exitCodeOf(child: ChildProcess): Promise<number> {
  const [code] = await once(child, 'exit')
  return typeof code === 'number' ? code : 1
}
