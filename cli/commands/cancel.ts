import { Command } from 'commander'
import { loadSettings } from '../../config/load-settings.ts'
import { createReceiptSeals } from '../../jobs/receipts/keys/receipt-seals.ts'
import { type Canceller, type CancelResult, createCanceller } from '../../jobs/settle/cancel.ts'
import { ACCOUNTS_MEANING, type AccountLine, type GivenAccounts, givenAccounts } from '../account-lines.ts'
import { EXIT } from '../exit-codes.ts'
import { withFleet } from '../fleet-connection.ts'
import { requestOption } from '../job-options.ts'
import type { Shell } from '../shell.ts'
import { count } from '../words.ts'

interface CancelOptions {
  readonly request?: string
  readonly json?: true
}

/** `clear-friends cancel <account…|->`: withdraws accounts, or a whole request, for which no call was sent yet. */
export function cancelCommand(shell: Shell): Command {
  return new Command('cancel')
    .description(
      'Withdraws accounts that have not been sent yet, and dead letters. Goes through all dead letters, and where an ' +
        'account has no job under its name through the whole queue. Exit code 1 unless all were withdrawn.',
    )
    .argument('[account...]', ACCOUNTS_MEANING)
    .addOption(requestOption('withdraw all accounts of this request; where another one wants an account too, it stays'))
    .option('--json', 'print what became of each as JSON, by the number of the argument or line')
    .action(
      shell.action(async (args: string[], options: CancelOptions, command: Command) => {
        if ((args.length === 0) === (options.request === undefined)) {
          command.error('error: name accounts, or a request with --request', { exitCode: EXIT.usage })
        }
        const given = givenAccounts(args, shell.stdin, command)
        const settings = loadSettings(shell.environment, ['RECEIPT_KEY', 'RECEIPT_DAYS'])
        return withFleet(shell.environment, async ({ redis, prefix }) => {
          const seals = createReceiptSeals(settings.RECEIPT_KEY.reveal())
          const canceller = createCanceller({ redis, prefix, seals, receiptDays: settings.RECEIPT_DAYS })
          if (options.request !== undefined) return cancelRequest(options.request, canceller, options, shell)
          return cancelAccounts(given, canceller, options, shell)
        })
      }),
    )
}

/** Accounts in memory at once: 20 MB. One look through the queue serves all of them. */
const AT_ONCE = 100_000

async function cancelAccounts(
  { place, lines }: GivenAccounts,
  canceller: Canceller,
  { json }: CancelOptions,
  { write }: Shell,
): Promise<number> {
  let isFirst = true
  let areWithdrawn = true
  const flush = async (batch: readonly AccountLine[]): Promise<void> => {
    const results = await canceller.cancel(batch.flatMap(({ account }) => account ?? []))
    const next = results.values()
    for (const { number, account, fault } of batch) {
      const result = account === undefined ? 'rejected' : (next.next().value ?? 'not_found')
      areWithdrawn &&= result === 'cancelled' || result === 'dead_letter'
      const words = result === 'rejected' ? `no account; ${fault}` : WORDS[result]
      const item = JSON.stringify({ [place]: number, result })
      await write(json ? `${isFirst ? '[' : ','}${item}` : `${place} ${number}: ${words}\n`)
      isFirst = false
    }
  }
  let batch: AccountLine[] = []
  for await (const line of lines) {
    batch.push(line)
    if (batch.length < AT_ONCE) continue
    await flush(batch)
    batch = []
  }
  await flush(batch)
  if (json) await write(isFirst ? '[]\n' : ']\n')
  return areWithdrawn ? EXIT.done : EXIT.failed
}

async function cancelRequest(
  request: string,
  canceller: Canceller,
  { json }: CancelOptions,
  { print }: Shell,
): Promise<number> {
  const sums = await canceller.cancelRequest(request)
  const { cancelled, dead_letter, in_flight, sent, stay } = sums
  if (json) print(JSON.stringify({ request, ...sums }))
  else {
    print(`withdrawn ${count(cancelled + dead_letter)}, of these ${count(dead_letter)} dead letters`)
    if (stay > 0)
      print(`${count(stay)} of them stay in the queue or as dead letters, since another wish is for them too`)
    print(`not withdrawn ${count(in_flight + sent)}: ${count(in_flight)} in flight, ${count(sent)} already sent`)
    print('accounts that moved meanwhile may be missing: `status --request` shows those that are still pending')
  }
  return cancelled + dead_letter > 0 && in_flight + sent === 0 ? EXIT.done : EXIT.failed
}

// The output numbers the arguments, so that the terminal's log does not hold the user ids twice.
const WORDS: Record<CancelResult, string> = {
  cancelled: 'cancelled; nothing was sent',
  dead_letter: 'dead letter withdrawn; no replay can clear it, but earlier attempts may have sent requests',
  in_flight: 'in flight; a worker has it in hand, so it cannot be withdrawn',
  sent: 'already sent; it waits for another attempt and cannot be withdrawn',
  not_found: 'not in the queue; it was never there, or has ended',
}
