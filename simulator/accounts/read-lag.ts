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

  /** Keeps the list that an account has before a write, and forgets those of long ago once there are many. */
  remember(account: string, friends: FriendList): void {
    if (this.lagMs === 0 || this.visible(account) !== undefined) return
    const now = this.#now()
    this.#old.set(account, { friends: new Map(friends), until: now + this.lagMs })
    if (this.#old.size <= 10_000) return
    for (const [known, { until }] of this.#old) if (until <= now) this.#old.delete(known)
  }

  /** The old list when a read shall still see it. */
  visible(account: string): FriendList | undefined {
    const old = this.#old.get(account)
    return old !== undefined && this.#now() < old.until ? old.friends : undefined
  }

  forget(): void {
    this.#old.clear()
  }
}
