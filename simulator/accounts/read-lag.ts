import type { FriendFields } from './users.ts'

/** Friends of one account by name. */
export type FriendList = ReadonlyMap<string, FriendFields>

/** Keeps the list as it was for a while after a write, so that reads can lag behind. */
export class ReadLag {
  lagMs: number
  readonly #now: () => number
  readonly #old = new Map<string, { readonly friends: FriendList; readonly until: number }>()

  /** `now` gives monotonic ms; a lag of 0 ms switches it off. */
  constructor(lagMs: number, now: () => number) {
    this.lagMs = lagMs
    this.#now = now
  }

  /** Lists kept now. */
  get size(): number {
    return this.#old.size
  }

  /** Notes the list an account has before a write. */
  remember(account: string, friends: FriendList): void {
    if (this.lagMs === 0) return
    if (this.visible(account) === undefined)
      this.#old.set(account, { friends: new Map(friends), until: this.#now() + this.lagMs })
    if (this.#old.size > 10_000) this.#forgetExpired()
  }

  /** The old list when a read shall still see it. */
  visible(account: string): FriendList | undefined {
    const old = this.#old.get(account)
    return old !== undefined && this.#now() < old.until ? old.friends : undefined
  }

  forget(): void {
    this.#old.clear()
  }

  #forgetExpired(): void {
    const now = this.#now()
    for (const [account, { until }] of this.#old) if (until <= now) this.#old.delete(account)
  }
}
