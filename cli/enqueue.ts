import { Command } from 'commander'
import { createProducer } from '../jobs/enqueue/producer.ts'
import { accountFault } from '../jobs/job/clear-friends-job.ts'
import { EXIT } from './exit-codes.ts'
import { withFleet } from './fleet-connection.ts'
import { deleteTypeOption, dueOption, type JobOptions, requestOption } from './job-options.ts'
import type { Shell } from './shell.ts'

/** `clear-friends enqueue <account…>`: enqueues the accounts on the command line. */
export function enqueueCommand({ environment, print, action }: Shell): Command {
  return new Command('enqueue')
    .description('Enqueues accounts. An account that is in the queue already is not enqueued a second time.')
    .argument('<account...>', 'user ids; after a -- those that begin with a dash')
    .addOption(deleteTypeOption())
    .addOption(dueOption())
    .addOption(requestOption())
    .option('--json', 'print the sums as JSON')
    .action(
      action(async (accounts: string[], options: JobOptions & { json?: true }, command: Command) => {
        accounts.forEach((account, index) => {
          const fault = accountFault(account)
          if (fault !== null) command.error(`error: argument ${index + 1}: ${fault}`, { exitCode: EXIT.usage })
        })
        return withFleet(environment, async fleet => {
          const producer = createProducer({
            redis: fleet.redis,
            prefix: fleet.prefix,
            dueDays: fleet.settings.DUE_DAYS,
          })
          try {
            const { entries, accepted, duplicate, rejected } = await producer.enqueueMany(accounts, options)
            const sums = { accounts: entries, accepted, duplicate, rejected }
            if (options.json) print(JSON.stringify(sums))
            else print(`accepted ${accepted}, duplicate ${duplicate}`)
            return EXIT.done
          } finally {
            await producer.close()
          }
        })
      }),
    )
}
