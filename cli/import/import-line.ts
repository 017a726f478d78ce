import type { Entry } from '../../jobs/enqueue/producer.ts'
import { accountFault } from '../../jobs/job/clear-friends-job.ts'

/** A line of the input: an entry for the queue, or why it is none. The reason never holds the account. */
export type ImportLine =
  | { readonly line: number; readonly entry: Entry }
  | { readonly line: number; readonly fault: string }

/** What became of the text of a line. */
export type Parsed = { readonly entry: Entry } | { readonly fault: string }

/** Takes a text for an account, or says why it is none. */
export function checkAccount(account: string): Parsed {
  const fault = accountFault(account)
  return fault === null ? { entry: account } : { fault }
}
