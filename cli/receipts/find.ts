import { Command } from 'commander'
import { type FoundReceipt, findReceipts } from '../../jobs/receipts/export/find-receipts.ts'
import { proveAccount } from '../../jobs/receipts/export/prove-receipt.ts'
import { toLine } from '../../jobs/receipts/log/entry.ts'
import { ACCOUNTS_MEANING, type GivenAccounts, givenAccounts } from '../account-lines.ts'
import { EXIT } from '../exit-codes.ts'
import { withFleet } from '../fleet-connection.ts'
import type { Shell } from '../shell.ts'
import { loadSeals } from './load-seals.ts'

/** `clear-friends receipts find <account…|->`: prints the receipts of accounts. */
export function findCommand(shell: Shell): Command {
  return new Command('find')
    .description('Prints the receipts of accounts as lines of an export. Exit code 1 where an account has none.')
    .argument('<account...>', ACCOUNTS_MEANING)
    .action(
      shell.action(async (args: string[], _options: unknown, command: Command) => {
        const given = givenAccounts(args, shell.stdin, command)
        const { accounts, faults } = await readAccounts(given, shell)
        const found = await find(
          accounts.map(({ account }) => account),
          shell,
        )
        await Promise.all(found.map(({ entry }) => shell.write(`${toLine(entry)}\n`)))
        const without = accounts.filter((_, index) => !found.some(each => each.index === index))
        for (const { number } of without) shell.say(`${given.place} ${number}: there is no receipt of this account`)
        return without.length + faults > 0 ? EXIT.failed : EXIT.done
      }),
    )
}

/** `clear-friends receipts proof <account|->`: proves the last receipt of one account. */
export function proofCommand(shell: Shell): Command {
  return new Command('proof')
    .description(
      'Prints a proof of the last receipt of one account, which `receipts verify` checks without anybody else’s.',
    )
    .argument('<account>', ACCOUNTS_MEANING)
    .action(
      shell.action(async (account: string, _options: unknown, command: Command) => {
        const given = givenAccounts([account], shell.stdin, command)
        const { accounts, faults } = await readAccounts(given, shell)
        if (accounts.length !== 1 || faults > 0)
          command.error('error: give exactly one account', { exitCode: EXIT.usage })
        return prove(accounts[0]?.account ?? '', given.place, shell)
      }),
    )
}

async function prove(account: string, place: string, { environment, write, say }: Shell): Promise<number> {
  const seals = loadSeals(environment)
  const proof = await withFleet(environment, ({ redis, prefix }) => proveAccount(redis, prefix, seals, account))
  if (proof !== undefined) await write(proof)
  else say(`${place} 1: there is no receipt of this account`)
  return proof === undefined ? EXIT.failed : EXIT.done
}

async function readAccounts({ place, lines }: GivenAccounts, { say }: Shell) {
  const accounts: { readonly number: number; readonly account: string }[] = []
  let faults = 0
  for await (const { number, account, fault } of lines) {
    if (account !== undefined) accounts.push({ number, account })
    else {
      faults += 1
      say(`${place} ${number}: ${fault}`)
    }
  }
  return { accounts, faults }
}

async function find(accounts: readonly string[], { environment }: Shell): Promise<readonly FoundReceipt[]> {
  const seals = loadSeals(environment)
  return withFleet(environment, async ({ redis, prefix }) => {
    const found: FoundReceipt[] = []
    for await (const each of findReceipts(redis, prefix, seals, accounts)) found.push(each)
    return found
  })
}
