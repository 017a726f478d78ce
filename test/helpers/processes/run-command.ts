import { type CommandResult, startCommand } from './start-command.ts'

/**
 * Runs `clear-friends …` as a process of its own and waits for its end.
 *
 * @param args command line
 * @param settings the whole environment, apart from PATH
 * @param input what it gets on stdin
 */
export function runCommand(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  input?: string | Buffer,
): Promise<CommandResult> {
  const command = startCommand(args, settings)
  command.stdin.end(input)
  return command.ended
}
