import type { Entry } from '../../jobs/enqueue/producer.ts'
import { accountFault } from '../../jobs/job/clear-friends-job.ts'

/** A line of the input: an entry for the queue, or the reason why it is none. The reason never holds the account. */
export type ImportLine =
  | { readonly line: number; readonly entry: Entry }
  | { readonly line: number; readonly fault: string }

/** Result of parsing the text of a line. */
export type Parsed = { readonly entry: Entry } | { readonly fault: string }

/** Makes an entry of an account, or says why the text is no account. */
export function checkAccount(account: string): Parsed {
  const fault = accountFault(account)
  return fault === null ? { entry: account } : { fault }
}
