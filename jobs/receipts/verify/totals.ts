import type { BodyOf } from '../log/entry-body.ts'
import type { AccountTotals } from './findings.ts'
import { SeenNumbers } from './seen-numbers.ts'

/** Adds up the accounts of one request, or of all: what was accepted, and what became of it. */
export class AccountCounter {
  readonly #ended = { cleared: 0, not_imported: 0, dead_lettered: 0, cancelled: 0 }
  readonly #verified = { yes: 0, no: 0, skipped: 0 }
  /** Accounts whose last receipt is a dead letter; a later receipt takes its place. */
  readonly #dead = new Set<string>()
  #accepted: number | null = null

  accepted(accounts: number): void {
    this.#accepted = (this.#accepted ?? 0) + accounts
  }

  receipt({ account, outcome, verified }: BodyOf<'receipt'>): void {
    // A replayed dead letter is a second receipt of the same account.
    if (account !== null && this.#dead.delete(account)) this.#ended.dead_lettered -= 1
    if (account !== null && outcome === 'dead_lettered') this.#dead.add(account)
    this.#ended[outcome] += 1
    if (outcome === 'cleared') this.#verified[verified] += 1
  }

  totals(): AccountTotals {
    const accepted = this.#accepted
    const ended = Object.values(this.#ended).reduce((sum, accounts) => sum + accounts, 0)
    const pending = accepted === null || accepted < ended ? null : accepted - ended
    return { accepted, ...this.#ended, pending, verified: { ...this.#verified } }
  }
}

/** Adds up the entries of a log, over all accounts and by request. */
export class TotalsCounter {
  readonly #all = new AccountCounter()
  readonly #requests = new Map<string, AccountCounter>()
  /** Exports that overlap hold the same entries. Those of two requests have numbers between each other's. */
  readonly #counted = new SeenNumbers()

  receipt(seq: number, says: BodyOf<'receipt'>): void {
    if (!this.#counted.add(seq)) return
    for (const counter of [this.#all, ...says.requests.map(request => this.#of(request))]) counter.receipt(says)
  }

  accepted(seq: number, { request, count, jobs }: BodyOf<'accepted'>): void {
    if (!this.#counted.add(seq)) return
    this.#all.accepted(jobs)
    if (request !== null) this.#of(request).accepted(count)
  }

  /** Gives the sums over all entries. An account that is accepted under two requests counts once. */
  all(): AccountTotals {
    return this.#all.totals()
  }

  /** Gives the sums of each request. */
  requests(): Readonly<Record<string, AccountTotals>> {
    return Object.fromEntries([...this.#requests].map(([request, counter]) => [request, counter.totals()]))
  }

  #of(request: string): AccountCounter {
    const counter = this.#requests.get(request) ?? new AccountCounter()
    this.#requests.set(request, counter)
    return counter
  }
}
