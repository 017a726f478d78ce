import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createGeneratedUsers, isUserId, type UsersOptions, usersSchema } from '../../../simulator/accounts/users.ts'

function everyone(users: UsersOptions, seed = 1): string[] {
  const generated = createGeneratedUsers(users, seed)
  return Array.from({ length: users.count ?? 0 }, (_, index) => `user_${index + 1}`).filter(generated.isImported)
}

describe('generated users', () => {
  test('exist from user_1 to the count and nowhere else', () => {
    const { isImported } = createGeneratedUsers({ count: 12 }, 1)
    expect(['user_1', 'user_12'].every(isImported)).toBe(true)
    expect(['user_0', 'user_13', 'user_01', 'user_', 'User_1', ' user_1', 'user_1 ', 'user_1~1'].some(isImported)).toBe(
      false,
    )
  })

  test('all exist with importAll, as long as the name can be a UserID', () => {
    const { isImported } = createGeneratedUsers({ importAll: true }, 1)
    expect(['a', 'o\'neill ~ "odd"', 'é', 'x'.repeat(32)].every(isImported)).toBe(true)
    expect(['', 'x'.repeat(33), 'é'.repeat(17), 'a\nb', '\u0000'].some(isImported)).toBe(false)
  })

  test('hold each other in both directions, and nobody holds himself or somebody who does not exist', () => {
    fc.assert(
      fc.property(
        fc.record({
          count: fc.integer({ min: 0, max: 60 }),
          groupsOf: fc.integer({ min: 0, max: 15 }),
          privateFriends: fc.integer({ min: 0, max: 3 }),
          missingShare: fc.constantFrom(0, 0.2, 1),
        }),
        users => {
          const generated = createGeneratedUsers(users, 3)
          for (const name of everyone(users, 3)) {
            const friends = generated.friendsOf(name)
            expect(new Set(friends).size).toBe(friends.length)
            expect(friends).not.toContain(name)
            for (const friend of friends) {
              expect(generated.isImported(friend)).toBe(true)
              expect(generated.friendsOf(friend)).toContain(name)
            }
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  test('make groups of names that differ in their last digit with importAll, and of no others', () => {
    const { friendsOf } = createGeneratedUsers({ importAll: true, groupsOf: 5 }, 1)
    expect(friendsOf('mail-0043')).toEqual(['mail-0040', 'mail-0041', 'mail-0042', 'mail-0044'])
    expect(friendsOf('mail-0047')).toEqual(['mail-0045', 'mail-0046', 'mail-0048', 'mail-0049'])
    expect(friendsOf('anna')).toEqual([])
  })

  test('give a group of ten nine friends each, and the rest of the count a smaller group', () => {
    const { friendsOf } = createGeneratedUsers({ count: 23, groupsOf: 10 }, 1)
    expect(friendsOf('user_10')).toHaveLength(9)
    expect(friendsOf('user_23')).toEqual(['user_21', 'user_22'])
  })

  test('give private friends that hold only their owner', () => {
    const { friendsOf, isImported } = createGeneratedUsers({ count: 5, privateFriends: 2 }, 1)
    expect(friendsOf('user_5')).toEqual(['user_5~1', 'user_5~2'])
    expect(friendsOf('user_5~2')).toEqual(['user_5'])
    expect(['user_5~3', 'user_6~1', 'user_5~0'].some(isImported)).toBe(false)
  })

  test('are missing in the share asked for, the same ones for the same seed', () => {
    const users = { count: 4000, missingShare: 0.1 }
    expect(everyone(users, 5)).toEqual(everyone(users, 5))
    expect(everyone(users, 5).length).toBeGreaterThan(3500)
    expect(everyone(users, 5).length).toBeLessThan(3700)
    expect(everyone(users, 5)).not.toEqual(everyone(users, 6))
  })

  test.each([
    [{ importAll: true, groupsOf: 11 }, 'groupsOf is at most 10 together with importAll'],
    [{ count: -1 }, 'Too small'],
    [{ listed: [{ account: '' }] }, 'Too small'],
    [{ listed: [{ account: 'a', friends: Array.from({ length: 3001 }, (_, index) => `f${index}`) }] }, 'Too big'],
    [{ listed: [{ account: 'a', friend: ['b'] }] }, 'Unrecognized key'],
  ])('are refused when described as %j', (users, problem) => {
    expect(usersSchema.safeParse(users).error?.message).toContain(problem)
  })

  test('have names of 1 to 32 bytes without control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), name => {
        const hasControl = [...name].some(letter => letter < ' ' || (letter >= '\u007f' && letter <= '\u009f'))
        expect(isUserId(name)).toBe(name !== '' && Buffer.byteLength(name) <= 32 && !hasControl)
      }),
    )
  })
})
