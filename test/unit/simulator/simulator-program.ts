import { Command, CommanderError } from 'commander'
import { simulatorCommand } from '../../../cli/simulator.ts'

/** The command alone, as `cli/main.ts` runs it. */
const program = new Command('clear-friends').exitOverride().addCommand(simulatorCommand().exitOverride())

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exitCode = error.exitCode === 0 ? 0 : 2
}
