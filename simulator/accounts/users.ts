import { z } from 'zod'
import { hasher } from '../faults/seeded-random.ts'

const account = z.string().min(1)
const fields = z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string()).readonly()])).readonly()

/** Values stored with one friend, by tag: `Tag_SNS_IM_…` are the vendor's, `Tag_SNS_Custom_…` the app's own. */
export type FriendFields = z.infer<typeof fields>

/** Checks one listed user that comes from outside. */
export const listedUserSchema = z.strictObject({
  account,
  /** Names, or names with their fields; up to 3,000. Friends that nobody lists are imported without friends. */
  friends: z
    .union(
      [z.array(account).max(3000).readonly(), z.record(account, fields).readonly()],
      'expected names, or { name: { tag: value } }',
    )
    .refine(friends => Object.keys(friends).length <= 3000, 'a user has at most 3000 friends')
    .optional(),
})

/** One account whose lists are given rather than generated. Edges are directed: who is in whose list. */
export type ListedUser = Readonly<z.infer<typeof listedUserSchema>>

/** Checks a description of users that comes from outside. */
export const usersSchema = z
  .strictObject({
    /** Accounts `user_1` to `user_<count>` exist. */
    count: z.int().min(0).optional(),
    /** Every account counts as imported, whatever its name, up to 32 bytes without control characters. */
    importAll: z.boolean().optional(),
    /** Share of the accounts of `importAll` and `count` that is not imported after all, picked by the seed. */
    missingShare: z.number().min(0).max(1).optional(),
    /**
     * Makes groups of this size in which all are friends of each other, two-way: of consecutive numbers with `count`,
     * of names that differ in their last digit only with `importAll` (there at most 10).
     */
    groupsOf: z.int().min(0).max(3001).optional(),
    /** Gives every account this many two-way friends of its own, named `<account>~1`, `<account>~2` and so on. */
    privateFriends: z.int().min(0).max(3000).optional(),
    /** Accounts with lists of their own; they win over anything generated. */
    listed: z.array(listedUserSchema).readonly().optional(),
  })
  .refine(users => users.importAll !== true || (users.groupsOf ?? 0) <= 10, {
    error: 'groupsOf is at most 10 together with importAll',
    path: ['groupsOf'],
  })

/** Which accounts exist and who is friends with whom before the first call. */
export type UsersOptions = Readonly<z.infer<typeof usersSchema>>

/** Tells whether a text can be a UserID at all: 1 to 32 bytes in UTF-8, no control characters. */
export const isUserId = (text: string): boolean =>
  text.length > 0 && text.length <= 32 && Buffer.byteLength(text) <= 32 && !/\p{Cc}/u.test(text)

const NUMBERED = /^user_([1-9]\d{0,8})$/
const PRIVATE = /^(.+)~([1-9]\d{0,3})$/s

/** Answers for accounts that nobody touched yet. */
export type GeneratedUsers = ReturnType<typeof createGeneratedUsers>

/**
 * Makes the rules for untouched accounts, so that millions of them cost no memory. The same options and seed always
 * give the same people.
 */
export function createGeneratedUsers(options: UsersOptions, seed: number) {
  const { count = 0, importAll = false, missingShare = 0, groupsOf = 0, privateFriends = 0 } = options
  const position = hasher(seed, 'missing users')
  const isMissing = (name: string): boolean => missingShare > 0 && position(name) < missingShare

  const numberOf = (name: string): number => {
    const number = Number(NUMBERED.exec(name)?.[1] ?? 0)
    return number <= count ? number : 0
  }
  /** The account a private friend belongs to. */
  const ownerOf = (name: string): string | undefined => {
    if (privateFriends === 0) return undefined
    const [, owner, index] = PRIVATE.exec(name) ?? []
    return owner !== undefined && Number(index) <= privateFriends && isPerson(owner) ? owner : undefined
  }
  const isPerson = (name: string): boolean =>
    (numberOf(name) > 0 || (importAll && isUserId(name))) && !isMissing(name) && ownerOf(name) === undefined

  const groupOf = (name: string): string[] => {
    if (groupsOf < 2) return []
    const number = numberOf(name)
    if (number > 0) {
      const first = number - ((number - 1) % groupsOf)
      const length = Math.min(groupsOf, count - first + 1)
      return Array.from({ length }, (_, index) => `user_${first + index}`)
    }
    const digit = name.slice(-1)
    if (!/\d/.test(digit)) return []
    const first = Number(digit) - (Number(digit) % groupsOf)
    const length = Math.min(groupsOf, 10 - first)
    return Array.from({ length }, (_, index) => `${name.slice(0, -1)}${first + index}`)
  }

  return {
    isImported: (name: string): boolean => isUserId(name) && (isPerson(name) || ownerOf(name) !== undefined),
    /** Names in the account's list, in the order of the list. */
    friendsOf: (name: string): readonly string[] => {
      const owner = ownerOf(name)
      if (owner !== undefined) return [owner]
      if (!isPerson(name)) return []
      const group = groupOf(name).filter(friend => friend !== name && isPerson(friend))
      const own = Array.from({ length: privateFriends }, (_, index) => `${name}~${index + 1}`)
      return [...group, ...own.filter(isUserId)]
    },
  }
}
