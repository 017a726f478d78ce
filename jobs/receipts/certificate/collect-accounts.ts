import type { RedisConnection } from '../../../redis/connection.ts'
import type { LogEntry } from '../log/entry.ts'
import { walkLog } from '../read/follow-log.ts'
import type { OpenedLog } from '../read/open-log.ts'
import type { AccountTotals } from '../verify/findings.ts'
import { AccountCounter } from '../verify/totals.ts'

/** What the log says of the accounts of a request, or of all. */
export interface CollectedAccounts {
  readonly totals: AccountTotals
  readonly host: string | null
  /** When the first accounts were accepted, and when the last one ended, as ISO dates. */
  readonly acceptedAt: string | null
  readonly lastAt: string | null
  /** The earliest due date. */
  readonly due: string | null
  /** Numbers of the first and the last entry about these accounts. */
  readonly first: number
  readonly last: number
  readonly lines: number
  readonly codes: Readonly<Record<string, number>>
  /** Shares of accounts to be read after the delete, of all workers that have started. */
  readonly verifyShares: readonly number[]
}

/**
 * Collects what the log says of accounts, checked as an export is.
 *
 * @param request of this request; `null`: all accounts
 * @returns nothing where no entry is about one
 * @throws {Error} when the log does not fit together
 */
export async function collectAccounts(
  redis: RedisConnection,
  prefix: string,
  log: OpenedLog,
  request: string | null,
): Promise<CollectedAccounts | undefined> {
  if (log.troubles[0] !== undefined) throw misfit(log.troubles[0])
  const collector = new Collector(request)
  for (const to of [...new Set([log.head?.size ?? 0, log.newest])]) {
    const walk = walkLog(redis, prefix, log.follower, { to, checkSignature: to !== log.head?.size })
    for (let next = await walk.next(); ; next = await walk.next()) {
      if (next.done && next.value !== undefined) throw misfit(next.value.what)
      if (next.done) break
      if (typeof next.value !== 'number') collector.take(next.value)
    }
    const isOfHead = to !== log.head?.size || log.follower.range.root().equals(log.head.root)
    if (!isOfHead) throw misfit('its entries are not those that the signed head covers')
  }
  return collector.collected()
}

const misfit = (what: string): Error =>
  new Error(`the log of receipts does not fit together, so nothing is certified: ${what}. See docs/receipts.md.`)

class Collector {
  readonly #request: string | null
  readonly #accounts = new AccountCounter()
  readonly #codes = new Map<string, number>()
  readonly #shares = new Set<number>()
  #host: string | null = null
  #acceptedAt: string | null = null
  #lastAt: string | null = null
  #due: string | null = null
  #first = 0
  #last = 0
  #lines = 0

  constructor(request: string | null) {
    this.#request = request
  }

  take(entry: LogEntry): void {
    if (entry.kind === 'start') {
      this.#host = entry.says.host
      this.#shares.add(entry.says.verify)
    }
    if (entry.kind === 'accepted' && this.#isOurs([entry.says.request])) {
      // An account that is enqueued under two requests is one account.
      this.#accounts.accepted(this.#request === null ? entry.says.jobs : entry.says.count)
      this.#acceptedAt ??= isoOf(entry.at)
      if (this.#due === null || entry.says.due < this.#due) this.#due = entry.says.due
      this.#count(entry)
    }
    if (entry.kind === 'receipt' && this.#isOurs(entry.says.requests)) {
      this.#accounts.receipt(entry.says)
      this.#lastAt = isoOf(entry.at)
      const { code } = entry.says
      if (code !== null) this.#codes.set(code, (this.#codes.get(code) ?? 0) + 1)
      this.#count(entry)
    }
  }

  collected(): CollectedAccounts | undefined {
    if (this.#lines === 0) return undefined
    return {
      ...{
        totals: this.#accounts.totals(),
        host: this.#host,
        acceptedAt: this.#acceptedAt,
        lastAt: this.#lastAt,
        due: this.#due,
      },
      ...{ first: this.#first, last: this.#last, lines: this.#lines },
      codes: Object.fromEntries(this.#codes),
      verifyShares: [...this.#shares],
    }
  }

  #isOurs(requests: readonly (string | null)[]): boolean {
    return this.#request === null || requests.includes(this.#request)
  }

  #count({ seq }: LogEntry): void {
    if (this.#lines === 0) this.#first = seq
    this.#last = seq
    this.#lines += 1
  }
}

const isoOf = (ms: number): string => new Date(ms).toISOString()
