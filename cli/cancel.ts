import { Command } from 'commander'
import { loadSettings } from '../config/load-settings.ts'
import { createReceiptSeals } from '../jobs/receipts/receipt-seals.ts'
import { type CancelResult, createCanceller } from '../jobs/settle/cancel.ts'
import { EXIT } from './exit-codes.ts'
import { withFleet } from './fleet-connection.ts'
import { requireAccounts } from './job-options.ts'
import type { Shell } from './shell.ts'

/** `clear-friends cancel <account…>`: withdraws accounts for which no worker has sent a call yet. */
export function cancelCommand({ environment, print, action }: Shell): Command {
  return new Command('cancel')
    .description('Withdraws accounts that have not been sent yet. Exit code 1 unless all were withdrawn.')
    .argument('<account...>', 'user ids; after a -- those that begin with a dash')
    .option('--json', 'print what became of each as JSON, by the number of the argument')
    .action(
      action(async (accounts: string[], options: { json?: true }, command: Command) => {
        requireAccounts(accounts, command)
        const settings = loadSettings(environment, ['RECEIPT_KEY', 'RECEIPT_DAYS'])
        return withFleet(environment, async ({ redis, prefix }) => {
          const seals = createReceiptSeals(settings.RECEIPT_KEY.reveal())
          const { cancel } = createCanceller({ redis, prefix, seals, receiptDays: settings.RECEIPT_DAYS })
          const results = await cancel(accounts)
          if (options.json) print(JSON.stringify(results.map((result, index) => ({ argument: index + 1, result }))))
          else for (const [index, result] of results.entries()) print(`argument ${index + 1}: ${WORDS[result]}`)
          return results.every(result => result === 'cancelled') ? EXIT.done : EXIT.failed
        })
      }),
    )
}

// The output numbers the arguments, so that the terminal's log does not hold the user ids twice.
const WORDS: Record<CancelResult, string> = {
  cancelled: 'cancelled; nothing was sent',
  in_flight: 'in flight; a worker has it in hand, so it cannot be withdrawn',
  sent: 'already sent; it waits for another attempt and cannot be withdrawn',
  not_found: 'not in the queue; it was never there, or has ended',
}
