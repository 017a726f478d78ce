import { Command, Option } from 'commander'
import { addImportOptions } from '../import/command.ts'
import { timeSpanReader } from '../job-options.ts'
import type { Shell } from '../shell.ts'
import { runFile } from './run-file.ts'
import type { RunOptions } from './run-options.ts'

/**
 * Fifty seconds of work. Double would cost memory on a laptop and gain nothing, since the import fills the queue many times
 * faster than the worker empties it; half would let more of the import's work fall into moments with few jobs.
 */
const MAX_BACKLOG = 10_000

/** `clear-friends run <file>`: clears the accounts of one file, from the import to the certificate, with a Redis of its own. */
export function runCommand(shell: Shell): Command {
  return addImportOptions(new Command('run'), MAX_BACKLOG)
    .description(
      'Clears the accounts of one file, without a Redis of yours: import, worker, receipts and certificate in one command. The same ' +
        'command again goes on where it was, however it ended. Exit code 0; 3 if something is left for you; 75 if it ' +
        'stopped before the end.',
    )
    .argument('<file>', 'a txt, csv, ndjson or json file')
    .option('--state <folder>', 'keep what is to be gone on with there (default: <file>.state)')
    .option('--yes', 'do not ask on a terminal before it begins')
    .option('--keep', 'keep the state when nothing is left to do')
    .addOption(new Option('--max-time <span>', 'stop after this, such as 90m or 8h').argParser(timeSpanReader))
    .option('--retry', 'try dead letters of an earlier call once more')
    .option('--go-on', 'go on after a halt that only a person can end')
    .option('--json', 'end with one line of JSON, the summary')
    .action(
      shell.action((file: string, options: RunOptions, command: Command) => {
        if (file === '-') command.error('error: a run reads its file twice, so it must be a plain file')
        return runFile(file, options, shell)
      }),
    )
}
