import type { Entry } from '../../../jobs/enqueue/producer.ts'
import { accountFault } from '../../../jobs/job/clear-friends-job.ts'

/** Result of parsing a line: an entry for the queue, or the reason why it is none. The reason never holds the account. */
export type Parsed = { readonly entry: Entry } | { readonly fault: string }

/** A parsed line of the input, with its number from 1. */
export type ImportLine = { readonly line: number } & Parsed

/** Numbers a parsed line. */
export const toImportLine = (line: number, parsed: Parsed): ImportLine =>
  // Quicker than spreading, for millions of lines.
  'entry' in parsed ? { line, entry: parsed.entry } : { line, fault: parsed.fault }

/** `1.23457E+14`, or `1,23457E+14` in half of Europe. */
const ROUNDED = /^\d(?:[.,]\d+)?E\+\d+$/

/** Says why a text of a file that people edit is no account although it could be one; `undefined` where nothing is odd. */
export const damageIn = (text: string): string | undefined =>
  ROUNDED.test(text) ? 'a spreadsheet has rounded the account to a number; save the column as text' : undefined

/** Makes an entry of an account, or says why the text is no account. */
export function checkAccount(account: string): Parsed {
  const fault = accountFault(account)
  return fault === null ? { entry: account } : { fault }
}
