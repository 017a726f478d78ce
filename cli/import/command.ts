import { Command, InvalidArgumentError, Option } from 'commander'
import { withFleet } from '../fleet-connection.ts'
import { deleteTypeOption, dueTextOption, requestOption, wholeNumber } from '../job-options.ts'
import type { Shell } from '../shell.ts'
import { dryRun } from './dry-run.ts'
import { closeInput, openInput } from './files/input.ts'
import { importInput } from './import-input.ts'
import type { ImportOptions } from './prepare-import.ts'
import { FORMATS } from './read/recognised.ts'
import type { MaxRejected } from './report.ts'

/** Seventeen minutes of work: half would be as good, double would only take more of Redis' memory. */
const MAX_BACKLOG = 200_000

/** `clear-friends import <file|->`: enqueues the accounts of a file and prints a manifest that adds up. */
export function importCommand(shell: Shell): Command {
  return addImportOptions(new Command('import'), MAX_BACKLOG)
    .description(
      'Enqueues the accounts of a file, which may be gzipped. Rejected lines go to <file>.rejected with number and ' +
        'reason. How far it is stands in <file>.checkpoint until the end, so that --resume can go on.',
    )
    .argument('<file>', 'a txt, csv, ndjson or json file, or - for standard input')
    .option(
      '--dry-run',
      'enqueue nothing; show what is in the file, what would be rejected, and how long it would take',
    )
    .option('--yes', 'do not ask on a terminal before more than 1,000 accounts are enqueued')
    .option('--resume', 'go on where an interrupted import of this file stopped')
    .option('--checkpoint-file <path>', 'keep the checkpoint there')
    .option('--json', 'print the manifest as JSON')
    .action(
      shell.action(async (file: string, options: ImportOptions, command: Command) => {
        const input = await openInput(file, shell.stdin)
        try {
          if (input.kind === 'stream' && (options.resume || options.checkpointFile !== undefined)) {
            command.error(`error: ${input.name} cannot be read again, so its import cannot be resumed`)
          }
          if (options.dryRun) return await dryRun(input, options, shell)
          return await withFleet(shell.environment, fleet => importInput(input, options, fleet, shell))
        } finally {
          await closeInput(input)
        }
      }),
    )
}

/**
 * Adds the options that say how to read a file and what to enqueue; `run` has them too.
 *
 * @param maxBacklog default of `--max-backlog`
 */
export const addImportOptions = (command: Command, maxBacklog: number): Command =>
  command
    .addOption(new Option('--format <format>', 'default: what the content shows').choices(FORMATS))
    .option('--column <name>', 'the csv column that holds the account (default: account)')
    .option('--request-column <name>', 'the csv column that holds the request id')
    .option('--due-column <name>', 'the csv column that holds the due date')
    .option('--delimiter <character>', 'of a csv, or the word tab (default: what the header shows)', readDelimiter)
    .option('--encoding <label>', 'such as windows-1252, gbk or utf-16le (default: what the content shows)')
    .addOption(deleteTypeOption())
    .addOption(dueTextOption())
    .addOption(requestOption())
    .option(
      '--max-backlog <jobs>',
      'wait while the queue holds so many jobs; each further import at the same time may add 1,000',
      wholeNumber(1, 9, 'expected a whole number from 1'),
      maxBacklog,
    )
    .addOption(maxRejectedOption())
    .option('--rejected-file <path>', 'list the rejected lines there')

const maxRejectedOption = (): Option =>
  new Option('--max-rejected <lines|share%>', 'exit code 3 when more lines are rejected, as in 20 or 0.5%')
    .argParser(readMaxRejected)
    .default({ share: 0.001 }, '0.1%')

function readMaxRejected(text: string): MaxRejected {
  const share = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text)?.[1]
  if (share !== undefined && Number(share) <= 100) return { share: Number(share) / 100 }
  if (/^\d{1,9}$/.test(text)) return { lines: Number(text) }
  throw new InvalidArgumentError('expected a number of lines such as 20, or a share such as 0.5%')
}

function readDelimiter(text: string): string {
  const character = text === 'tab' || text === '\\t' ? '\t' : text
  if ([...character].length === 1 && !/["\r\n]/.test(character)) return character
  throw new InvalidArgumentError('expected one character that is no quote, or the word tab')
}
