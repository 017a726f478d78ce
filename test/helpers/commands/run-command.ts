import { PassThrough, type Writable } from 'node:stream'
import { main } from '../../../cli/main.ts'
import { CollectedText } from './collected-text.ts'

/** Output of a command of this program, and its exit code; `null` when a signal ended its process. */
export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs in this process until the test has seen enough. */
export interface BegunCommand {
  readonly stdin: Writable
  readonly stdout: CollectedText
  readonly stderr: CollectedText
  /** Asks the command to end, as SIGTERM and Ctrl-C do in a process of its own. */
  interrupt(): void
  readonly ended: Promise<CommandResult>
}

/**
 * Runs `clear-friends …` in this process and waits for its end.
 *
 * @param args command line
 * @param settings the whole environment
 * @param input text for its stdin
 */
export function runCommand(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  input?: string | Buffer,
): Promise<CommandResult> {
  const command = beginCommand(args, settings)
  command.stdin.end(input)
  return command.ended
}

/**
 * Begins `clear-friends …` in this process, with its stdin open.
 *
 * @param terminal makes stdin and stderr a terminal
 * @param folder working directory; default: one without a `.env`
 */
export function beginCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  terminal: { readonly isTTY?: boolean; readonly columns?: number } = {},
  folder: string = import.meta.dirname,
): BegunCommand {
  const interrupted = new AbortController()
  const stdin = Object.assign(new PassThrough(), terminal)
  const stdout = new CollectedText()
  const stderr = Object.assign(new CollectedText(), terminal)
  const listen = () => interrupted.signal
  const ended = main(args, { environment, folder, stdin, stdout, stderr, listen }).then(code => {
    stdout.end()
    stderr.end()
    return { code, stdout: stdout.text, stderr: stderr.text }
  })
  return { stdin, stdout, stderr, interrupt: () => interrupted.abort(), ended }
}

/** Gives the last line of a command's output, which follows all lines about its progress. */
export const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? ''
