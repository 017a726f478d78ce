import { fileURLToPath } from 'node:url'
import type { CommandResult } from '../commands/run-command.ts'
import { type StartedProcess, startProcess } from './start-process.ts'

/** The file that a user starts as `clear-friends`. */
export const entry: string = fileURLToPath(new URL('../../../bin/clear-friends.js', import.meta.url))

/** Environment of every command of a test. Its cache of compiled sources halves the start. */
export const commandEnvironment: Readonly<NodeJS.ProcessEnv> = {
  PATH: process.env['PATH'],
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../../.cache/test-commands', import.meta.url)),
}

/** A command that runs as a process of its own. */
export interface StartedCommand extends Omit<StartedProcess, 'ended'> {
  readonly ended: Promise<CommandResult>
}

/**
 * Starts `clear-friends …` as a process of its own, with its stdin open, for tests that need a process, such as those
 * of signals. `runCommand` is for all others.
 *
 * @param settings the whole environment, apart from PATH
 */
export function startCommand(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
  folder?: string,
): StartedCommand {
  const started = startProcess(process.execPath, [entry, ...args], {
    environment: { ...commandEnvironment, ...settings },
    ...(folder === undefined ? {} : { folder }),
  })
  const { stdout, stderr } = started
  const ended = started.ended.then(({ code }) => ({ code, stdout: stdout.text, stderr: stderr.text }))
  return { ...started, ended }
}
