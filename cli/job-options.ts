import { type Command, InvalidArgumentError, Option } from 'commander'
import { accountFault, type DeleteType, requestSchema } from '../jobs/job/clear-friends-job.ts'
import { parseDue, parseSince, parseSpan } from '../jobs/job/due.ts'
import { EXIT } from './exit-codes.ts'

/** Options of a job for `enqueue` and `import`; `due` is in epoch seconds. */
export interface JobOptions {
  readonly deleteType: DeleteType
  readonly due?: number
  readonly request?: string
}

/** `--delete-type both|single`. */
export const deleteTypeOption = (): Option =>
  new Option('--delete-type <type>', 'both: also from the lists of the friends; single: only the own list')
    .choices(['both', 'single'])
    .default('both')

/** `--due <ISO date or 2h/7d>`. */
export const dueOption = (): Option => newDueOption().argParser(readDue)

/** `--due` for a command that needs the operator's text too: `{ text, at }`, `at` in epoch seconds. */
export const dueTextOption = (): Option => newDueOption().argParser(text => ({ text, at: readDue(text) }))

const newDueOption = (): Option =>
  new Option('--due <when>', 'due date: an ISO date, or a span from now such as 2h or 7d (default: DUE_DAYS)')

const readDue = reading(text => parseDue(text, Date.now() / 1000))

/** Makes a reader from a parser; the parser's error becomes a usage error of one line. */
export function reading<T>(parse: (text: string) => T): (text: string) => T {
  return text => {
    try {
      return parse(text)
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : 'not understood')
    }
  }
}

/** `--request <id>`. */
export const requestOption = (meaning = 'groups the accounts of one erasure request; not a user id'): Option =>
  new Option('--request <id>', meaning).argParser(text => {
    const parsed = requestSchema.safeParse(text)
    if (parsed.success) return parsed.data
    throw new InvalidArgumentError(parsed.error.issues.map(issue => issue.message).join('; '))
  })

/** Gives its value under the name `sinceMs`. */
class SinceOption extends Option {
  override attributeName(): string {
    return 'sinceMs'
  }
}

/** `--since <ISO date or 2h/7d>`, as `sinceMs` in epoch ms. */
export const sinceOption = (meaning: string): Option =>
  new SinceOption('--since <when>', `${meaning}: an ISO date, or a span back from now such as 2h or 7d`).argParser(
    reading(text => parseSince(text, Date.now() / 1000) * 1000),
  )

/** Reads a span such as `90s` or `2h` as ms; anything else is a usage error. */
export const timeSpanReader: (text: string) => number = reading(text => parseSpan(text) * 1000)

/** Makes a reader of whole numbers of at most so many digits; anything else is a usage error with this message. */
export const wholeNumber =
  (least: number, digits: number, expected: string) =>
  (text: string): number => {
    if (/^\d+$/.test(text) && text.length <= digits && Number(text) >= least) return Number(text)
    throw new InvalidArgumentError(expected)
  }

/** Ends a command with a usage error if one of its arguments is no account. The error gives the argument's number. */
export function requireAccounts(accounts: readonly string[], command: Command): void {
  for (const [index, account] of accounts.entries()) {
    const fault = accountFault(account)
    if (fault !== null) command.error(`error: argument ${index + 1}: ${fault}`, { exitCode: EXIT.usage })
  }
}
