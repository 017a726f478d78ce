/**
 * The command line: finds the command, runs it, and turns every error into one message and an exit code.
 *
 * What belongs in `cli/`: arguments, options, files, words for the operator. What does not: the work itself, which each
 * command calls in `jobs/`, `worker/` or `simulator/`. A command is a file here, or a folder with `command.ts`.
 */

import { Command, CommanderError } from 'commander'
import { SettingsError } from '../config/load-settings.ts'
import { readVersion } from '../config/version.ts'
import { ForeignFleetError, ReceiptKeyError } from '../jobs/job/errors.ts'
import { EXIT } from './exit-codes.ts'
import { InterruptedError } from './interrupted-error.ts'
import { createShell, type Shell } from './shell.ts'
import type { Output, Surroundings } from './surroundings.ts'
import { visible } from './visible.ts'

/** Loaders of all commands. Only the wanted command is loaded, so that an import holds no web server in memory. */
const commands: Readonly<Record<string, (shell: Shell) => Promise<Command>>> = {
  worker: async shell => (await import('./commands/worker.ts')).workerCommand(shell),
  enqueue: async shell => (await import('./commands/enqueue.ts')).enqueueCommand(shell),
  import: async shell => (await import('./import/command.ts')).importCommand(shell),
  run: async shell => (await import('./run/command.ts')).runCommand(shell),
  status: async shell => (await import('./commands/status.ts')).statusCommand(shell),
  wait: async shell => (await import('./commands/wait.ts')).waitCommand(shell),
  failed: async shell => (await import('./failed/command.ts')).failedCommand(shell),
  cancel: async shell => (await import('./commands/cancel.ts')).cancelCommand(shell),
  receipts: async shell => (await import('./receipts/command.ts')).receiptsCommand(shell),
  pause: async shell => (await import('./commands/pause.ts')).pauseCommand(shell),
  resume: async shell => (await import('./commands/pause.ts')).resumeCommand(shell),
  rate: async shell => (await import('./commands/rate.ts')).rateCommand(shell),
  fleet: async shell => (await import('./commands/fleet.ts')).fleetCommand(shell),
  doctor: async shell => (await import('./doctor/command.ts')).doctorCommand(shell),
  simulator: async shell => (await import('./simulator/command.ts')).simulatorCommand(shell),
  demo: async shell => (await import('./demo/command.ts')).demoCommand(shell),
}

/** Whether a word is the name of a command. */
export const isCommand = (word: string): boolean => Object.hasOwn(commands, word)

/**
 * Runs the command line. Every error becomes one clear message on stderr.
 *
 * @param argv arguments after the name of the program
 * @returns the exit code
 */
export async function main(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  let exitCode: number = EXIT.done
  const shell = createShell(surroundings, code => {
    exitCode = code
  })
  try {
    await (await buildProgram(argv[0] ?? '', shell)).parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    return exitCodeOf(error, shell)
  }
}

async function buildProgram(wanted: string, shell: Shell): Promise<Command> {
  const program = new Command('clear-friends')
    .description('Clears the friend data of departed accounts in Tencent Cloud IM.')
    .version(readVersion())
  // The help, and an unknown name, need all commands.
  const load = isCommand(wanted) ? [commands[wanted]] : Object.values(commands)
  for (const each of load) if (each !== undefined) program.addCommand(await each(shell))
  for (const command of [program, ...program.commands, ...program.commands.flatMap(child => child.commands)]) {
    speakThrough(shell, command)
  }
  return program
}

/** Makes a command write through the shell, throw instead of ending the process, and print no account. */
function speakThrough({ stdout, stderr }: Shell, command: Command): void {
  const takesAccounts = command.registeredArguments.some(argument => argument.name() === 'account')
  command
    .exitOverride()
    .showHelpAfterError('(--help shows what is possible)')
    .configureOutput({
      writeOut: text => void stdout.write(visibleText(text)),
      writeErr: text => void stderr.write(visibleText(text)),
      getOutHelpWidth: () => widthOf(stdout),
      getErrHelpWidth: () => widthOf(stderr),
      outputError: (text, write) => write(takesAccounts ? withoutAccount(text) : withoutExcess(text)),
    })
}

/** Commander's own texts have several lines, and quote arguments. */
const visibleText = (text: string): string => text.split('\n').map(visible).join('\n')

/** Commander's width for an output that is no terminal. */
const WIDTH = 80

const widthOf = ({ isTTY, columns }: Output): number => (isTTY ? columns : undefined) ?? WIDTH

/** Cuts out an unknown option, which may be an account that begins with a dash. */
function withoutAccount(text: string): string {
  const hint = 'if it is an account, put -- before the first one'
  return text.replace(/unknown option '.*'/s, `unknown option, which begins with a dash; ${hint}`)
}

/** Cuts out excess arguments, which may be user ids. */
function withoutExcess(text: string): string {
  return text.replace(/(but got \d+): .*/, '$1.')
}

/** Whether a message has several lines of our own; in others a line break comes from outside and is made visible. */
const hasLines = (error: unknown): boolean =>
  error instanceof Error && ['RedisNotFoundError', 'RedisStartError'].includes(error.name)

function exitCodeOf(error: unknown, { say }: Shell): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
  if (error instanceof SettingsError || error instanceof ForeignFleetError || error instanceof ReceiptKeyError) {
    say(error.message.split('\n'))
    return EXIT.settings
  }
  // Only the message: stacks and causes of drivers hold arguments of commands, and so user ids.
  const message = `clear-friends: ${error instanceof Error ? error.message : 'an unknown fault'}`
  say(hasLines(error) ? message.split('\n') : message)
  return error instanceof InterruptedError ? EXIT.stopped : EXIT.failed
}
