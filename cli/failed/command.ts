import { Command } from 'commander'
import { createDeadLetters } from '../../jobs/dead-letters/dead-letters.ts'
import { EXIT } from '../exit-codes.ts'
import { withFleet } from '../fleet-connection.ts'
import { requestOption, sinceOption, wholeNumber } from '../job-options.ts'
import type { Shell } from '../shell.ts'
import { count } from '../words.ts'
import { changeDeadLetters, type Selection } from './change.ts'
import { describeLetter, describeLetters, toShown } from './show.ts'

/** `clear-friends failed …`: shows and changes dead letters. */
export function failedCommand(shell: Shell): Command {
  return new Command('failed')
    .description('Lists, shows, replays, discards and exports dead letters: jobs that gave up.')
    .addCommand(listCommand(shell))
    .addCommand(showCommand(shell))
    .addCommand(changeCommand('replay', REPLAY, shell))
    .addCommand(changeCommand('discard', DISCARD, shell))
    .addCommand(exportCommand(shell))
    .addCommand(logCommand(shell))
}

const REPLAY = 'Enqueues dead letters anew, with fresh attempts and under the same limit as all jobs.'
const DISCARD = 'Deletes the data of dead letters for good. Their receipts and outcomes stand.'
const LIMIT_FAULT = 'Expected a whole number from 1 to 999999.'

type Filtered = Pick<Selection, 'code' | 'sinceMs' | 'request'>

const withFilters = (command: Command): Command =>
  command
    .option('--code <code>', 'only those with this code')
    .addOption(sinceOption('only those that gave up from then on'))
    .addOption(requestOption('only those of this request'))

function listCommand({ environment, print, say, action }: Shell): Command {
  return withFilters(new Command('list'))
    .description('Lists dead letters, those that gave up first come first. Names no user ids.')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 6, LIMIT_FAULT), 100)
    .option('--json', 'print a JSON array')
    .action(
      action(({ limit, json, ...filter }: Filtered & { limit: number; json?: true }) =>
        withFleet(environment, async ({ redis, prefix }) => {
          const letters = []
          let more = false
          for await (const letter of createDeadLetters(redis, prefix).read(filter)) {
            more = letters.length === limit
            if (more) break
            letters.push(toShown(letter, false))
          }
          const words = letters.length === 0 ? 'there are none' : describeLetters(letters)
          print(json ? JSON.stringify(letters) : words)
          if (more) say(`there are more than ${count(limit)}; \`failed export\` writes them all`)
          return EXIT.done
        }),
      ),
    )
}

function showCommand({ environment, print, say, action }: Shell): Command {
  return new Command('show')
    .description('Shows one dead letter; its user id only with --reveal.')
    .argument('<job id>', 'as `failed list` prints it')
    .option('--reveal', 'with the user id, which is personal data')
    .option('--json', 'print it as JSON')
    .action(
      action((jobId: string, options: { reveal?: true; json?: true }) =>
        withFleet(environment, async ({ redis, prefix }) => {
          const letter = await createDeadLetters(redis, prefix).find(jobId)
          if (letter === undefined) {
            say('there is no such dead letter: no such job, or it was replayed, discarded, or waits in the queue')
            return EXIT.failed
          }
          const shown = toShown(letter, options.reveal === true)
          print(options.json ? JSON.stringify(shown) : describeLetter(shown))
          return EXIT.done
        }),
      ),
    )
}

function changeCommand(change: 'replay' | 'discard', description: string, shell: Shell): Command {
  return withFilters(new Command(change))
    .description(description)
    .argument('[job id...]', 'as `failed list` prints them')
    .option('--all', 'all dead letters')
    .option('--dry-run', 'only say which it would be')
    .option('--json', 'print the sums as JSON')
    .action(
      shell.action((jobIds: string[], options: Omit<Selection, 'jobIds'>, command: Command) =>
        changeDeadLetters(change, { ...options, jobIds }, command, shell),
      ),
    )
}

function exportCommand({ environment, write, say, action }: Shell): Command {
  return withFilters(new Command('export'))
    .description('Writes dead letters to standard output, one JSON object a line.')
    .option('--reveal', 'with the user ids, for whoever has to clear the accounts by hand; they are personal data')
    .action(
      action(({ reveal, ...filter }: Filtered & { reveal?: true }) =>
        withFleet(environment, async ({ redis, prefix }) => {
          let letters = 0
          for await (const letter of createDeadLetters(redis, prefix).read(filter)) {
            letters += 1
            await write(`${JSON.stringify(toShown(letter, reveal === true))}\n`)
          }
          say(`${count(letters)} dead letters`)
          return EXIT.done
        }),
      ),
    )
}

function logCommand({ environment, print, action }: Shell): Command {
  return new Command('log')
    .description('Shows what was replayed and discarded, the last actions first.')
    .option('--json', 'print a JSON array')
    .action(
      action((options: { json?: true }) =>
        withFleet(environment, async ({ redis, prefix }) => {
          const actions = await createDeadLetters(redis, prefix).actions()
          if (options.json) print(JSON.stringify(actions))
          else for (const { at, action, jobs, chosen } of actions) print(`${at}  ${action}  ${count(jobs)}  ${chosen}`)
          return EXIT.done
        }),
      ),
    )
}
