import type { FriendList, ReadLag } from './read-lag.ts'
import type { FriendFields, GeneratedUsers, ListedUser } from './users.ts'

/** Fields of a friendship whose fields nobody gave. */
const PLAIN_FIELDS: FriendFields = { Tag_SNS_IM_AddSource: 'AddSource_Type_Android', Tag_SNS_IM_AddTime: 1_563_867_420 }

const NO_FRIENDS: FriendList = new Map()

/** Changes to an account since it was generated; only touched accounts have one. */
interface Account {
  imported: boolean
  /** `undefined` as long as the generated list holds. */
  friends: Map<string, FriendFields> | undefined
  /** Rises with every change of the friend list; the vendor calls it StandardSequence. */
  sequence: number
}

const friendEntries = (friends: ListedUser['friends'] = []): (readonly [string, FriendFields])[] =>
  isNames(friends) ? friends.map(name => [name, PLAIN_FIELDS] as const) : Object.entries(friends)

const isNames = (friends: NonNullable<ListedUser['friends']>): friends is readonly string[] => Array.isArray(friends)

/**
 * Holds who exists and the directed friend lists: an edge from A to B means that B stands in A's list.
 * Accounts that nobody touched are answered from the generating rules and take no memory.
 */
export class FriendGraph {
  readonly #generated: GeneratedUsers
  readonly #listed: readonly ListedUser[]
  readonly #lag: ReadLag | undefined
  readonly #accounts = new Map<string, Account>()

  /** Users in `listed` win over generated ones. Each list goes to `lag` before it changes. */
  constructor(generated: GeneratedUsers, listed: readonly ListedUser[] = [], lag?: ReadLag) {
    this.#generated = generated
    this.#listed = listed
    this.#lag = lag
    this.importUsers(listed)
  }

  /** Puts all accounts back to the start. */
  reset(): void {
    this.#accounts.clear()
    this.#lag?.forget()
    this.importUsers(this.#listed)
  }

  isImported(account: string): boolean {
    return this.#accounts.get(account)?.imported ?? this.#generated.isImported(account)
  }

  friends(account: string): FriendList {
    const known = this.#accounts.get(account)
    if (known !== undefined && (!known.imported || known.friends !== undefined)) return known.friends ?? NO_FRIENDS
    const names = this.#generated.friendsOf(account)
    return names.length === 0 ? NO_FRIENDS : new Map(names.map(name => [name, PLAIN_FIELDS]))
  }

  /** Sequence number of the account's list, from 1. */
  sequenceOf(account: string): number {
    return this.#accounts.get(account)?.sequence ?? 1
  }

  /**
   * Takes these friends out of the account's list, and two-way the account out of theirs. Who holds the account
   * without being held by it is not reached, as the vendor's page suggests.
   */
  removeFriends(account: string, names: readonly string[], bothWays: boolean): void {
    const friends = this.friends(account)
    const present = names.filter(name => friends.has(name))
    if (present.length === 0) return
    const list = this.#listToChange(account, friends)
    for (const name of present) {
      list.delete(name)
      if (bothWays) this.removeFriends(name, [account], false)
    }
  }

  /** Adds accounts with exactly these lists, or replaces the lists they had. */
  importUsers(users: readonly ListedUser[]): void {
    for (const user of users) {
      const known = this.#touch(user.account)
      known.imported = true
      known.friends = new Map(friendEntries(user.friends))
      known.sequence += 1
    }
    const friends = users.flatMap(user => friendEntries(user.friends).map(([name]) => name))
    for (const name of friends) if (!this.#accounts.has(name)) this.#touch(name).imported = true
  }

  #touch(account: string): Account {
    const known = this.#accounts.get(account)
    if (known !== undefined) return known
    const fresh = { imported: this.isImported(account), friends: undefined, sequence: 1 }
    this.#accounts.set(account, fresh)
    return fresh
  }

  /** The account's own copy of its list, which may be changed. */
  #listToChange(account: string, friends: FriendList): Map<string, FriendFields> {
    this.#lag?.remember(account, friends)
    const known = this.#touch(account)
    known.sequence += 1
    known.friends ??= new Map(friends)
    return known.friends
  }
}
