import { Command } from 'commander'
import { createProducer, type Manifest } from '../../jobs/enqueue/producer.ts'
import { ACCOUNTS_MEANING, type AccountLine, type GivenAccounts, givenAccounts } from '../account-lines.ts'
import { EXIT } from '../exit-codes.ts'
import { type FleetConnection, withFleet } from '../fleet-connection.ts'
import { deleteTypeOption, dueOption, type JobOptions, requestOption } from '../job-options.ts'
import type { Shell } from '../shell.ts'
import { strengthenedInWords } from '../words.ts'

type EnqueueCommandOptions = JobOptions & { readonly json?: true }

/** `clear-friends enqueue <account…|->`: enqueues the accounts on the command line or on standard input. */
export function enqueueCommand(shell: Shell): Command {
  return new Command('enqueue')
    .description(
      'Enqueues accounts. An account that is in the queue already is not enqueued a second time: its job takes over the ' +
        'earlier due date, both ways over one way, and the request. Exit code 1 if lines were rejected.',
    )
    .argument('<account...>', ACCOUNTS_MEANING)
    .addOption(deleteTypeOption())
    .addOption(dueOption())
    .addOption(requestOption())
    .option('--json', 'print the sums as JSON')
    .action(
      shell.action(async (args: string[], options: EnqueueCommandOptions, command: Command) => {
        const given = givenAccounts(args, shell.stdin, command)
        if (given.place === 'argument' && options.request !== undefined && args.includes(options.request)) {
          command.error(
            'error: the request id is one of the accounts, so it would show a user id in figures and receipts',
            {
              exitCode: EXIT.usage,
            },
          )
        }
        return withFleet(shell.environment, fleet => enqueue(given, options, fleet, shell))
      }),
    )
}

async function enqueue(
  { place, lines }: GivenAccounts,
  options: EnqueueCommandOptions,
  { redis, prefix, app, settings, loadSeals }: FleetConnection,
  { print, say }: Shell,
): Promise<number> {
  const dueDays = settings.DUE_DAYS
  const producer = createProducer({ redis, prefix, app, seals: loadSeals(), onUntold: say, dueDays })
  let faults = 0
  const tellFault = ({ number, fault }: AccountLine): void => {
    faults += 1
    say(`${place} ${number}: ${fault}`)
  }
  try {
    const sums = await producer.enqueueMany(accountsOf(lines, tellFault), options)
    print(options.json ? JSON.stringify(toJson(sums, faults)) : describe(sums, faults))
    if (sums.strengthened > 0 && !options.json) say(strengthenedInWords(sums.strengthened))
    return faults > 0 ? EXIT.failed : EXIT.done
  } finally {
    await producer.close()
  }
}

async function* accountsOf(
  lines: AsyncIterable<AccountLine>,
  onFault: (line: AccountLine) => void,
): AsyncGenerator<string> {
  for await (const line of lines) {
    if (line.account === undefined) onFault(line)
    else yield line.account
  }
}

const toJson = ({ entries, accepted, duplicate, strengthened, rejected }: Manifest, faults: number) => ({
  ...{ accounts: entries + faults, accepted, duplicate, strengthened, rejected: rejected + faults },
})

const describe = ({ accepted, duplicate, rejected }: Manifest, faults: number): string =>
  `accepted ${accepted}, duplicate ${duplicate}${rejected + faults === 0 ? '' : `, rejected ${rejected + faults}`}`
