import { Command } from 'commander'
import { createProducer } from '../jobs/enqueue/producer.ts'
import { EXIT } from './exit-codes.ts'
import { withFleet } from './fleet-connection.ts'
import { deleteTypeOption, dueOption, type JobOptions, requestOption, requireAccounts } from './job-options.ts'
import type { Shell } from './shell.ts'
import { strengthenedInWords } from './words.ts'

/** `clear-friends enqueue <account…>`: enqueues the accounts on the command line. */
export function enqueueCommand({ environment, print, say, action }: Shell): Command {
  return new Command('enqueue')
    .description('Enqueues accounts. An account that is in the queue already is not enqueued a second time.')
    .argument('<account...>', 'user ids; after a -- those that begin with a dash')
    .addOption(deleteTypeOption())
    .addOption(dueOption())
    .addOption(requestOption())
    .option('--json', 'print the sums as JSON')
    .action(
      action(async (accounts: string[], options: JobOptions & { json?: true }, command: Command) => {
        requireAccounts(accounts, command)
        return withFleet(environment, async ({ redis, prefix, app, settings }) => {
          const producer = createProducer({ redis, prefix, app, dueDays: settings.DUE_DAYS })
          try {
            const { entries, accepted, duplicate, strengthened, rejected } = await producer.enqueueMany(
              accounts,
              options,
            )
            const sums = { accounts: entries, accepted, duplicate, strengthened, rejected }
            print(options.json ? JSON.stringify(sums) : `accepted ${accepted}, duplicate ${duplicate}`)
            if (strengthened > 0 && !options.json) say(strengthenedInWords(strengthened))
            return EXIT.done
          } finally {
            await producer.close()
          }
        })
      }),
    )
}
