import { setFlagsFromString } from 'node:v8'
import { Command, CommanderError } from 'commander'
import { SettingsError } from '../config/load-settings.ts'
import { readVersion } from '../config/version.ts'
import { EXIT } from './exit-codes.ts'
import { endWithReader, say } from './output.ts'

/** Each command with how to load it: only the one that is wanted, so that an import does not hold a web server in memory. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  worker: async () => (await import('./worker.ts')).workerCommand(),
  enqueue: async () => (await import('./enqueue.ts')).enqueueCommand(),
  import: async () => {
    // V8 lets the heap grow to the size of the machine; batches that come and go need a fraction of it.
    setFlagsFromString('--optimize-for-size')
    setFlagsFromString('--semi-space-growth-factor=1')
    return (await import('./import/command.ts')).importCommand()
  },
  status: async () => (await import('./status.ts')).statusCommand(),
  failed: async () => (await import('./failed/command.ts')).failedCommand(),
  cancel: async () => (await import('./cancel.ts')).cancelCommand(),
  receipts: async () => (await import('./receipts.ts')).receiptsCommand(),
  pause: async () => (await import('./pause.ts')).pauseCommand(),
  resume: async () => (await import('./pause.ts')).resumeCommand(),
  rate: async () => (await import('./rate.ts')).rateCommand(),
  doctor: async () => (await import('./doctor/command.ts')).doctorCommand(),
  simulator: async () => (await import('./simulator.ts')).simulatorCommand(),
  demo: async () => (await import('./demo/command.ts')).demoCommand(),
}

endWithReader()
process.exitCode = await run(await buildProgram(process.argv[2] ?? ''), process.argv)

async function buildProgram(wanted: string): Promise<Command> {
  const program = new Command('clear-friends')
    .description('Clears the friend data of departed accounts in Tencent Cloud IM.')
    .version(readVersion())
  // Help, and a name that does not exist, need all of them.
  const load = Object.hasOwn(commands, wanted) ? [commands[wanted]] : Object.values(commands)
  for (const each of load) if (each !== undefined) program.addCommand(await each())
  return program
}

/** Runs the command line and gives the exit code; whatever goes wrong becomes one clear message on stderr. */
async function run(root: Command, argv: readonly string[]): Promise<number> {
  for (const command of [root, ...root.commands, ...root.commands.flatMap(child => child.commands)]) {
    command.exitOverride().showHelpAfterError('(--help shows what is possible)')
    const takesAccounts = command.registeredArguments.some(argument => argument.name() === 'account')
    command.configureOutput({
      outputError: (text, write) => write(takesAccounts ? withoutAccount(text) : withoutExcess(text)),
    })
  }
  try {
    await root.parseAsync([...argv])
    return Number(process.exitCode ?? EXIT.done)
  } catch (error) {
    return exitCodeOf(error)
  }
}

/** What a command that takes accounts does not know as an option may be one. */
function withoutAccount(text: string): string {
  const hint = 'if it is an account, put -- before the first one'
  return text.replace(/unknown option '.*'/s, `unknown option, which begins with a dash; ${hint}`)
}

/** Arguments that a command does not take may be user ids. */
function withoutExcess(text: string): string {
  return text.replace(/(but got \d+): .*/, '$1.')
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
  if (error instanceof SettingsError) {
    say(error.message)
    return EXIT.settings
  }
  // The message only: stacks and causes of drivers hold the arguments of commands, and so user ids.
  say(error instanceof Error ? `clear-friends: ${error.message}` : 'clear-friends: an unknown fault')
  return EXIT.failed
}
