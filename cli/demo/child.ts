import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../surroundings.ts'

const entry = fileURLToPath(new URL('../../bin/clear-friends.js', import.meta.url))
const installedEntry = fileURLToPath(new URL('../../../bin/clear-friends.js', import.meta.url))
const isInstalled = import.meta.url.endsWith('.js')

/** A `clear-friends` command that runs as a process of its own. */
export interface ChildCommand {
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
 */
export function startCommand(args: readonly string[], environment: Environment): ChildCommand {
  const child = spawn(process.execPath, [isInstalled ? installedEntry : entry, ...args], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  const ended = exitCodeOf(child)
  const endWithParent = (): void => void child.kill('SIGKILL')
  process.once('exit', endWithParent)
  void ended.then(() => process.off('exit', endWithParent))
  return {
    nextLine: async () => {
      const closed = once(lines, 'close').then(() => undefined)
      const line = await Promise.race([once(lines, 'line').then(([text]) => String(text)), closed])
      if (line === undefined) throw new Error(`\`clear-friends ${args[0]}\` ended with exit code ${await ended}.`)
      return line
    },
    ended,
    stop: () => void child.kill('SIGTERM'),
  }
}

async function exitCodeOf(child: ChildProcess): Promise<number> {
  const [code] = await once(child, 'exit')
  return typeof code === 'number' ? code : 1
}
