import type { Readable } from 'node:stream'
import type { Command } from 'commander'
import { EXIT } from './exit-codes.ts'
import { checkAccount } from './import/read/import-line.ts'
import { splitLines } from './import/read/lines.ts'
import { parseWhole } from './import/read/read-lines.ts'
import { requireAccounts } from './job-options.ts'

/** An account that a command was given, or why the text is none; `number` is that of the argument or line, from 1. */
export interface AccountLine {
  readonly number: number
  readonly account: string | undefined
  /** Never holds the text. */
  readonly fault: string
}

/** Accounts that a command was given, and how it calls their places: `argument 1`, or `line 1`. */
export interface GivenAccounts {
  readonly place: 'argument' | 'line'
  readonly lines: AsyncIterable<AccountLine>
}

/** What `<account…>` of a command means. */
export const ACCOUNTS_MEANING: string =
  'user ids, after a -- those that begin with a dash; or - to read them from standard input, one a line, exactly as ' +
  'they are, which keeps them out of the process list and the history of the shell'

/**
 * Gives the accounts of the arguments, or where the only argument is `-`, those of standard input. Ends the command with
 * a usage error if an argument is no account.
 */
export function givenAccounts(args: readonly string[], stdin: Readable, command: Command): GivenAccounts {
  if (args.length === 1 && args[0] === '-') return { place: 'line', lines: linesOf(stdin) }
  if (args.includes('-')) {
    command.error('error: - reads the accounts from standard input and stands alone', { exitCode: EXIT.usage })
  }
  requireAccounts(args, command)
  return { place: 'argument', lines: argumentsOf(args) }
}

async function* argumentsOf(args: readonly string[]): AsyncGenerator<AccountLine> {
  for (const [index, account] of args.entries()) yield { number: index + 1, account, fault: '' }
}

async function* linesOf(stdin: Readable): AsyncGenerator<AccountLine> {
  for await (const line of splitLines(stdin)) {
    const { number, text } = line
    const parsed = parseWhole(line, checkAccount)
    if ('fault' in parsed) yield { number, account: undefined, fault: parsed.fault }
    else yield { number, account: text ?? undefined, fault: '' }
  }
}
