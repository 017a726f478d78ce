import { describe, expect, test } from 'vitest'
import type { FaultRule } from '../../../simulator/faults/fault-rule.ts'
import { parseFaultRule } from '../../../simulator/faults/fault-text.ts'
import { Faults } from '../../../simulator/faults/faults.ts'

const ACCOUNTS = Array.from({ length: 5000 }, (_, index) => `user_${index + 1}`)

const rules = (...texts: string[]): FaultRule[] => texts.map(text => parseFaultRule(text))

/** Gives the accounts whose call a fault strikes, with one call each. */
const struck = (faults: Faults, accounts: readonly string[] = ACCOUNTS): string[] =>
  accounts.filter(account => faults.strike('friend_delete_all', [account]) !== undefined)

describe('fault rules', () => {
  test('pick the same share of the accounts in every run with the same seed, whatever the order of the calls', () => {
    const first = struck(new Faults(rules('30006:share=0.2,times=1'), 7, () => 0))
    const again = struck(new Faults(rules('30006:share=0.2,times=1'), 7, () => 0), ACCOUNTS.toReversed())
    expect(again.toReversed()).toEqual(first)
    expect(first.length).toBeGreaterThan(900)
    expect(first.length).toBeLessThan(1100)
  })

  test('pick other accounts with another seed', () => {
    const first = new Set(struck(new Faults(rules('30006:share=0.2'), 7, () => 0)))
    const other = struck(new Faults(rules('30006:share=0.2'), 8, () => 0))
    expect(other.filter(account => first.has(account)).length).toBeLessThan(300)
  })

  test('pick independently of each other by share, and side by side by slice', () => {
    const shares = [
      new Set(struck(new Faults(rules('30006:share=0.2'), 7, () => 0))),
      struck(new Faults(rules('30007:share=0.2'), 7, () => 0)),
    ] as const
    const both = shares[1].filter(account => shares[0].has(account)).length
    expect(both).toBeGreaterThan(130)
    expect(both).toBeLessThan(270)
    const slices = [
      new Set(struck(new Faults(rules('30006:slice=0..0.2'), 7, () => 0))),
      struck(new Faults(rules('30007:slice=0.2..0.4'), 7, () => 0)),
    ] as const
    expect(slices[1].filter(account => slices[0].has(account))).toEqual([])
  })

  test('strike an account as often as they say and then leave it alone', () => {
    const faults = new Faults(rules('30006:times=2'), 1, () => 0)
    const codes = ['a', 'b', 'a', 'a', 'b', 'b'].map(account => faults.strike('friend_get', [account]) !== undefined)
    expect(codes).toEqual([true, true, true, false, true, false])
    expect(faults.rules.map(rule => rule.hits)).toEqual([4])
  })

  test('strike the n-th call of an account, counted for each vendor call by itself', () => {
    const faults = new Faults(rules('30006:nth=2'), 1, () => 0)
    const hit = (command: 'friend_get' | 'friend_delete'): boolean => faults.strike(command, ['a']) !== undefined
    expect([
      hit('friend_get'),
      hit('friend_delete'),
      hit('friend_get'),
      hit('friend_get'),
      hit('friend_delete'),
    ]).toEqual([false, false, true, false, true])
  })

  test('strike every third call over all accounts, and no more than a total', () => {
    const faults = new Faults(rules('30006:every=3,total=2'), 1, () => 0)
    expect(struck(faults, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'])).toEqual(['c', 'f'])
  })

  test('strike with a probability, the same calls in every run', () => {
    const run = (): string[] => struck(new Faults(rules('60018:probability=0.1'), 3, () => 0))
    expect(run()).toEqual(run())
    expect(run().length).toBeGreaterThan(400)
    expect(run().length).toBeLessThan(600)
  })

  test('strike within their window only, counted from the moment they were set', () => {
    let now = 50_000
    const faults = new Faults(rules('60020:from=10s,to=20s'), 1, () => now)
    const hits = [0, 9999, 10_000, 19_999, 20_000].map(elapsed => {
      now = 50_000 + elapsed
      return faults.strike('friend_get', ['a']) !== undefined
    })
    expect(hits).toEqual([false, false, true, true, false])
    now = 100_000
    faults.set(rules('60020:from=10s,to=20s'))
    now = 115_000
    expect(faults.strike('friend_get', ['a'])).toBeDefined()
  })

  test('are asked in order, and the first that fits decides', () => {
    const faults = new Faults(rules('30008:accounts=b', '30006:command=friend_delete_all', '30007'), 1, () => 0)
    const answer = (command: 'friend_get' | 'friend_delete_all', account: string): unknown =>
      faults.strike(command, [account])?.answer
    expect(answer('friend_delete_all', 'a')).toEqual({ code: 30006 })
    expect(answer('friend_delete_all', 'b')).toEqual({ code: 30008 })
    expect(answer('friend_get', 'a')).toEqual({ code: 30007 })
  })

  test('look at every account of a call with several', () => {
    const faults = new Faults(rules('30006:accounts=c'), 1, () => 0)
    expect(faults.strike('account_check', ['a', 'b', 'c'])).toBeDefined()
    expect(faults.strike('account_check', ['a', 'b'])).toBeUndefined()
  })

  test('keep faults of items, of connections and of unread requests apart from those of calls', () => {
    const faults = new Faults(rules('item-30006', 'stall-connection:total=1', 'reset-before:total=1'), 1, () => 0)
    expect(faults.strike('friend_delete', ['a'])).toBeUndefined()
    expect(faults.itemCode('friend_delete', 'a')).toBe(30006)
    expect([faults.stallsConnection(), faults.stallsConnection()]).toEqual([true, false])
    expect([faults.resetsUnread('friend_get'), faults.resetsUnread('friend_get')]).toEqual([true, false])
  })

  test('let a reset that has to know the account wait for the body', () => {
    const faults = new Faults(rules('reset-before:accounts=a'), 1, () => 0)
    expect(faults.resetsUnread('friend_get')).toBe(false)
    expect(faults.strike('friend_get', ['a'])?.answer).toBe('reset-before')
  })
})
