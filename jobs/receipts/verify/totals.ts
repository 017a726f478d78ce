import type { BodyOf } from '../log/entry-body.ts'
import type { RequestTotals, Totals } from './findings.ts'

const none = (): Totals => ({
  ...{ cleared: 0, not_imported: 0, dead_lettered: 0, cancelled: 0 },
  verified: { yes: 0, no: 0, skipped: 0 },
})

/** Adds up receipts, by outcome and by request. */
export class TotalsCounter {
  readonly totals: Totals = none()
  readonly #requests = new Map<string, RequestTotals>()
  /** Accounts whose last receipt for a request is a dead letter; a later receipt for it takes its place. */
  readonly #dead = new Set<string>()
  #counted = 0

  receipt(seq: number, says: BodyOf<'receipt'>): void {
    if (!this.#isNew(seq)) return
    add(this.totals, says)
    for (const request of says.requests) {
      const sums = this.#of(request)
      const name = JSON.stringify([request, says.account])
      // A replayed dead letter is a second receipt of the same account.
      if (this.#dead.delete(name)) sums.dead_lettered -= 1
      if (says.outcome === 'dead_lettered' && says.account !== null) this.#dead.add(name)
      add(sums, says)
    }
  }

  accepted(seq: number, { request, count }: BodyOf<'accepted'>): void {
    if (!this.#isNew(seq) || request === null) return
    const sums = this.#of(request)
    sums.accepted = (sums.accepted ?? 0) + count
  }

  /** Exports that overlap hold the same entries. */
  #isNew(seq: number): boolean {
    const isNew = seq > this.#counted
    if (isNew) this.#counted = seq
    return isNew
  }

  /** Gives the sums of each request. */
  requests(): Readonly<Record<string, RequestTotals>> {
    for (const sums of this.#requests.values()) {
      const ended = sums.cleared + sums.not_imported + sums.dead_lettered + sums.cancelled
      sums.pending = sums.accepted === null ? null : Math.max(0, sums.accepted - ended)
    }
    return Object.fromEntries(this.#requests)
  }

  #of(request: string): RequestTotals {
    const known = this.#requests.get(request)
    if (known !== undefined) return known
    const sums: RequestTotals = { ...none(), accepted: null, pending: null }
    this.#requests.set(request, sums)
    return sums
  }
}

function add(sums: Totals, { outcome, verified }: BodyOf<'receipt'>): void {
  sums[outcome] += 1
  if (outcome === 'cleared') sums.verified[verified] += 1
}
