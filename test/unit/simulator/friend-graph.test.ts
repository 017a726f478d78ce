import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FriendGraph } from '../../../simulator/accounts/friend-graph.ts'
import { ReadLag } from '../../../simulator/accounts/read-lag.ts'
import { createGeneratedUsers } from '../../../simulator/accounts/users.ts'

const NAMES = Array.from({ length: 12 }, (_, index) => `user_${index + 1}`)

const createGraph = (groupsOf = 0): FriendGraph =>
  new FriendGraph(createGeneratedUsers({ count: NAMES.length, groupsOf }, 1))

const friends = (graph: FriendGraph, account: string): string[] => [...graph.friends(account).keys()]

const name = fc.constantFrom(...NAMES)

const commands = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('clear' as const), account: name, both: fc.boolean() }),
    fc.record({ kind: fc.constant('remove' as const), account: name, friend: name, both: fc.boolean() }),
    fc.record({ kind: fc.constant('import' as const), account: name, friends: fc.uniqueArray(name, { maxLength: 4 }) }),
  ),
  { maxLength: 30 },
)

describe('the friend graph', () => {
  test('agrees after any row of changes with plain sets of edges', () => {
    fc.assert(
      fc.property(commands, fc.constantFrom(0, 4, 12), (steps, groupsOf) => {
        const graph = createGraph(groupsOf)
        const model = new Map(NAMES.map(account => [account, new Set(friends(graph, account))]))
        const listOf = (account: string): Set<string> => model.get(account) ?? new Set()
        for (const step of steps) {
          const { account } = step
          if (step.kind === 'import') {
            graph.importUsers([{ account, friends: step.friends }])
            model.set(account, new Set(step.friends))
            continue
          }
          const gone =
            step.kind === 'remove' ? [step.friend].filter(friend => listOf(account).has(friend)) : [...listOf(account)]
          for (const friend of gone) {
            listOf(account).delete(friend)
            if (step.both) listOf(friend).delete(account)
          }
          graph.removeFriends(account, step.kind === 'clear' ? friends(graph, account) : [step.friend], step.both)
        }
        for (const account of NAMES) expect(new Set(friends(graph, account))).toEqual(model.get(account))
      }),
    )
  })

  test('leaves those alone who hold an account without being held by it', () => {
    const graph = createGraph()
    graph.importUsers([
      { account: 'user_1', friends: ['user_2'] },
      { account: 'user_2', friends: ['user_1'] },
      { account: 'user_3', friends: ['user_1'] },
    ])
    graph.removeFriends('user_1', friends(graph, 'user_1'), true)
    expect(friends(graph, 'user_2')).toEqual([])
    expect(friends(graph, 'user_3')).toEqual(['user_1'])
  })

  test('raises the sequence number with every change and with nothing else', () => {
    const graph = createGraph(4)
    const before = graph.sequenceOf('user_1')
    graph.friends('user_1')
    graph.removeFriends('user_1', ['user_9'], false)
    expect(graph.sequenceOf('user_1')).toBe(before)
    graph.removeFriends('user_1', ['user_2'], false)
    expect(graph.sequenceOf('user_1')).toBe(before + 1)
    expect(graph.sequenceOf('user_2')).toBe(before)
  })

  test('imports the friends of a listed account that nobody lists', () => {
    const graph = createGraph()
    graph.importUsers([{ account: 'anna', friends: { 'new one': { Tag_SNS_Custom_Test: 'x' } } }])
    expect(graph.isImported('new one')).toBe(true)
    expect(graph.friends('anna').get('new one')).toEqual({ Tag_SNS_Custom_Test: 'x' })
  })

  test('clears 3,000 friends two-way', () => {
    const graph = new FriendGraph(createGeneratedUsers({ count: 1, privateFriends: 3000 }, 1))
    expect(friends(graph, 'user_1')).toHaveLength(3000)
    graph.removeFriends('user_1', friends(graph, 'user_1'), true)
    expect(friends(graph, 'user_1')).toEqual([])
    expect(friends(graph, 'user_1~3000')).toEqual([])
  })
})

describe('the lag of reads', () => {
  test('shows the list before the first write until its time is over', () => {
    let now = 0
    const lag = new ReadLag(100, () => now)
    const graph = new FriendGraph(createGeneratedUsers({ count: 5, groupsOf: 5 }, 1), [], lag)
    graph.removeFriends('user_1', ['user_2'], false)
    now = 60
    graph.removeFriends('user_1', ['user_3'], false)
    now = 99
    expect([...(lag.visible('user_1')?.keys() ?? [])]).toEqual(['user_2', 'user_3', 'user_4', 'user_5'])
    now = 100
    expect(lag.visible('user_1')).toBeUndefined()
  })

  test('remembers nothing when it is off', () => {
    const lag = new ReadLag(0, () => 0)
    lag.remember('a', new Map())
    expect(lag.visible('a')).toBeUndefined()
  })

  test('does not grow without end', () => {
    let now = 0
    const lag = new ReadLag(10, () => now)
    for (now = 0; now < 30_000; now += 1) lag.remember(`a${now}`, new Map())
    now = 29_999
    expect(lag.size).toBeLessThanOrEqual(10_001)
    expect(lag.visible('a29995')).toBeDefined()
  })
})
