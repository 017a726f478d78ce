import { describe, expect, test } from 'vitest'
import { WriteLocks } from '../../../simulator/accounts/write-locks.ts'
import { InvalidSimulatorInputError } from '../../../simulator/check.ts'
import { createClock } from '../../../simulator/clock.ts'
import { createLatency } from '../../../simulator/faults/latency.ts'
import { RandomValues } from '../../../simulator/figures/random-values.ts'
import { LimitTable } from '../../../simulator/gateway/limit-table.ts'
import { parseQuery, redactUrl } from '../../../simulator/http/query.ts'
import { parseCeilings, parseLatency, parseUsers } from '../../../simulator/option-text.ts'

describe('the wall clock', () => {
  test('can be shifted, set, frozen and let go', () => {
    let source = 1000
    const clock = createClock(() => source)
    clock.change({ skewMs: 50 })
    expect(clock.now()).toBe(1050)
    clock.change({ at: 9000 })
    source = 1010
    expect(clock.now()).toBe(9010)
    clock.change({ frozen: true })
    source = 2000
    expect(clock.now()).toBe(9010)
    clock.change({ at: 500 })
    expect(clock.now()).toBe(500)
    clock.change({ frozen: false })
    source = 2005
    expect(clock.now()).toBe(505)
  })
})

describe('latency', () => {
  test('is always the same when it is fixed', () => {
    const draw = createLatency(50, 1)
    expect([draw(0), draw(10_000)]).toEqual([50, 50])
  })

  test('is under p50 for half of the calls, under p99 for all but one in a hundred, and ends at twice p99', () => {
    const draw = createLatency({ p50Ms: 30, p99Ms: 1000 }, 1)
    const all = Array.from({ length: 20_000 }, () => draw(0)).toSorted((a, b) => a - b)
    expect(all[10_000]).toBeGreaterThan(28)
    expect(all[10_000]).toBeLessThan(32)
    expect(all[19_800]).toBeGreaterThan(850)
    expect(all[19_800]).toBeLessThan(1150)
    expect(all.at(-1)).toBeLessThanOrEqual(2000)
    expect(all[0]).toBeGreaterThan(0)
  })

  test('comes in the same row for the same seed', () => {
    const row = (seed: number): number[] => {
      const draw = createLatency({ p50Ms: 30, p99Ms: 1000 }, seed)
      return Array.from({ length: 20 }, () => draw(0))
    }
    expect(row(4)).toEqual(row(4))
    expect(row(4)).not.toEqual(row(5))
  })

  test('is another one within a window', () => {
    const draw = createLatency({ base: 50, windows: [{ fromMs: 1000, toMs: 2000, latency: 2900 }] }, 1)
    expect([999, 1000, 1999, 2000].map(draw)).toEqual([50, 2900, 2900, 50])
  })
})

describe('options as text', () => {
  test.each([
    ['50', 50],
    ['3.1s', 3100],
    ['p50=30,p99=1s', { p50Ms: 30, p99Ms: 1000 }],
    ['50;10s-20s=2900', { base: 50, windows: [{ fromMs: 10_000, toMs: 20_000, latency: 2900 }] }],
    [
      'p50=30,p99=1000; 0-1s=12s ;1s-2s=p50=1,p99=2',
      {
        base: { p50Ms: 30, p99Ms: 1000 },
        windows: [
          { fromMs: 0, toMs: 1000, latency: 12_000 },
          { fromMs: 1000, toMs: 2000, latency: { p50Ms: 1, p99Ms: 2 } },
        ],
      },
    ],
  ])('the latency %s is read', (text, profile) => {
    expect(parseLatency(text)).toEqual(profile)
  })

  test.each([
    ['', 'is no duration'],
    ['fast', '"fast" is no duration'],
    ['p50=30', '"p50=30" is no duration'],
    ['p50=1000,p99=30', 'p99Ms is at least p50Ms'],
    ['50;10s=3', '"" is no duration'],
  ])('the latency %j is refused', (text, problem) => {
    expect(() => parseLatency(text)).toThrow(InvalidSimulatorInputError)
    expect(() => parseLatency(text)).toThrow(problem)
  })

  test('ceilings are read for all calls, for some, and for all with exceptions', () => {
    expect(parseCeilings('friend_get=100,friend_delete_all=50')).toEqual({ friend_get: 100, friend_delete_all: 50 })
    expect(parseCeilings('20,account_check=5')).toMatchObject({ friend_get: 20, account_check: 5 })
  })

  test.each([
    ['', 'is no ceiling'],
    ['-5', '"-5" is no ceiling'],
    ['friend_add=5', '"friend_add" is no vendor call'],
    ['friend_get', '"friend_get" is no ceiling'],
  ])('the ceiling %j is refused', (text, problem) => {
    expect(() => parseCeilings(text)).toThrow(problem)
  })

  test('users are read from a list of accounts or from a whole description', () => {
    expect(parseUsers('[{"account":"a","friends":["b"]}]')).toEqual({ listed: [{ account: 'a', friends: ['b'] }] })
    expect(parseUsers('{"importAll":true}')).toEqual({ importAll: true })
    expect(() => parseUsers('[{')).toThrow('users: the file is no JSON')
    expect(() => parseUsers('[{"friends":[]}]')).toThrow('users: listed.0.account')
  })
})

describe('the query of a call', () => {
  test('is read with its percent-encoding', () => {
    expect(parseQuery('sdkappid=1&identifier=a%26b&usersig=x*y-_&random=7&contenttype=json')).toEqual({
      sdkappid: '1',
      identifier: 'a&b',
      usersig: 'x*y-_',
      random: '7',
      contenttype: 'json',
    })
  })

  test('counts a key as missing that is repeated or written in another case', () => {
    const query = parseQuery('sdkappid=1&sdkappid=1&Identifier=a&USERSIG=b&random')
    expect(query).toEqual({
      sdkappid: undefined,
      identifier: undefined,
      usersig: undefined,
      random: '',
      contenttype: undefined,
    })
  })

  test('is nothing when its percent-encoding is broken', () => {
    expect(parseQuery('sdkappid=%zz')).toBeUndefined()
  })

  test('loses its signature, however written, before it goes into a log', () => {
    expect(redactUrl('/v4/x?usersig=secret&UserSig=other&a=1')).toBe('/v4/x?usersig=[redacted]&UserSig=[redacted]&a=1')
  })
})

describe('random values', () => {
  test('are counted as repeated when they were used before', () => {
    const values = new RandomValues()
    for (const value of [0, 1, 4_294_967_295, 1, 4_294_967_295, 2]) values.note(value)
    expect(values.repeated).toBe(2)
  })

  test('are forgotten after 65,536 newer ones', () => {
    const values = new RandomValues()
    for (let value = 0; value <= 65_536; value += 1) values.note(value)
    values.note(0)
    expect(values.repeated).toBe(0)
    values.note(65_536)
    expect(values.repeated).toBe(1)
  })
})

describe('write locks', () => {
  test('are taken all together or not at all', () => {
    const locks = new WriteLocks()
    const release = locks.acquire(['a', 'b', 'b'])
    expect(release).toBeDefined()
    expect(locks.acquire(['c', 'b'])).toBeUndefined()
    expect(locks.acquire(['c'])).toBeDefined()
    release?.()
    expect(locks.acquire(['a', 'b'])).toBeDefined()
  })
})

describe('the table of ceilings', () => {
  test('keeps what a change leaves out, and gives a new rule only where something changed', () => {
    const table = new LimitTable({ friend_get: 50 }, 'sliding')
    const other = table.rules.friend_delete
    expect(table.rules.friend_get).toEqual({ perSecond: 50, algorithm: 'sliding', countRefused: false, burst: 50 })
    expect(table.rules.account_check.perSecond).toBe(100)
    table.change({ command: 'friend_get', perSecond: 20, algorithm: 'bucket' })
    expect(table.rules.friend_get).toEqual({ perSecond: 20, algorithm: 'bucket', countRefused: false, burst: 20 })
    expect(table.rules.friend_delete).toBe(other)
    table.change({ appPerSecond: 500 })
    expect(table.rules.friend_delete).toBe(other)
    expect(table.total?.perSecond).toBe(500)
    table.change({ appPerSecond: null })
    expect(table.total).toBeUndefined()
  })
})
