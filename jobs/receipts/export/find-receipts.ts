import type { RedisConnection } from '../../../redis/connection.ts'
import { requireKey } from '../../status/fleet-contract.ts'
import type { ReceiptSeals } from '../keys/receipt-seals.ts'
import type { LogEntry } from '../log/entry.ts'
import { type OpenedLog, openLog } from '../read/open-log.ts'
import { readEntries, type StoredEntry, toLogEntry } from '../read/read-entries.ts'

/** A receipt of an account that was looked for. */
export interface FoundReceipt {
  /** Index of the account. */
  readonly index: number
  readonly entry: LogEntry
}

/**
 * Finds the receipts of accounts, oldest first, also those from before a change of the key. Goes through the whole log.
 *
 * @throws {ReceiptKeyError} when the log is kept with another key
 */
export async function* findReceipts(
  redis: RedisConnection,
  prefix: string,
  seals: ReceiptSeals,
  accounts: readonly string[],
): AsyncGenerator<FoundReceipt> {
  await requireKey(redis, prefix, seals)
  const log = await openLog(redis, prefix, seals)
  if (log === undefined) return
  const wanted = pseudonymsOf(seals, log, accounts)
  for await (const chunk of readEntries(redis, prefix, { from: log.base + 1, to: log.newest })) {
    for (const stored of chunk) {
      const index = wanted.get(pseudonymIn(stored))
      // What nobody with the key has signed is no receipt.
      const entry = index === undefined ? undefined : log.follower.genuine(stored)
      if (index !== undefined && entry !== undefined) yield { index, entry }
    }
  }
}

/** Gives the accounts, by index, under all pseudonyms that they had in a log. */
export function pseudonymsOf(
  seals: ReceiptSeals,
  log: OpenedLog,
  accounts: readonly string[],
): ReadonlyMap<string, number> {
  const latest = log.changes.at(-1)
  const makers = [seals.pseudonymOf, ...(latest === undefined ? [] : seals.formerPseudonyms(latest.pseudonyms))]
  return new Map(accounts.flatMap((account, index) => makers.map(make => [make(account), index] as const)))
}

const BODY = /^\["r",[^[\]]*(?:\[[\d,]*\],)?"([\w-]{22})"/i

/** Gives the pseudonym of a receipt; empty for other entries. To parse all of them would take long. */
export function pseudonymIn(stored: StoredEntry): string {
  const fast = BODY.exec(stored.text)?.[1]
  if (fast !== undefined || !/^\["r"/i.test(stored.text)) return fast ?? ''
  const entry = toLogEntry(stored)
  return (entry?.kind === 'receipt' && entry.says.account) || ''
}
