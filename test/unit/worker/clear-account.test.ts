import { describe, expect, it } from 'vitest'
import { FaultStreaks } from '../../../worker/vendor/fault-streaks.ts'
import { accountStatus, friendPage, type Scripted, scriptedCall } from '../../helpers/vendor/scripted-call.ts'

import { clear, commands } from './clear-for-test.ts'

describe('clearing an account', () => {
  it('deletes two-way, then sees the list empty', async () => {
    const script = scriptedCall({ friend_delete_all: [0], friend_get: [friendPage()] })
    const { outcome, progress } = await clear(script)
    expect(outcome).toEqual({ kind: 'cleared', verified: 'yes' })
    expect(script.asked[0]?.body).toEqual({ From_Account: 'user_1', DeleteType: 'Delete_Type_Both' })
    expect(progress).toMatchObject({ deleted: true })
  })

  it('looks three times at a list that lags behind', async () => {
    const script = scriptedCall({
      friend_delete_all: [0],
      friend_get: [friendPage('a'), friendPage('a'), friendPage()],
    })
    const waits: number[] = []
    const { outcome } = await clear(script, { wait: async ms => void waits.push(ms) })
    expect(outcome).toEqual({ kind: 'cleared', verified: 'yes' })
    expect(commands(script)).toEqual(['friend_delete_all', 'friend_get', 'friend_get', 'friend_get'])
    expect(waits).toEqual([1000, 3000])
  })

  it('clears a list that stays filled once more, then leaves it to a person', async () => {
    const script = scriptedCall({ friend_delete_all: [0], friend_get: [friendPage('a')] })
    const first = await clear(script)
    expect(first).toMatchObject({ outcome: { kind: 'retry', reason: { code: 'still_has_friends' } } })
    expect(first.progress).toMatchObject({ deleted: false, notEmpty: 1 })
    const second = await clear(script, { progress: first.progress })
    expect(second.outcome).toMatchObject({ kind: 'dead', reason: { code: 'still_has_friends' } })
  })

  it('looks again at a list that was seen filled, whatever the share that is verified', async () => {
    const script = scriptedCall({ friend_delete_all: [0], friend_get: [friendPage()] })
    const { outcome } = await clear(script, { verify: false, progress: { notEmpty: 1 } })
    expect(outcome).toEqual({ kind: 'cleared', verified: 'yes' })
  })

  it('does not take a list for filled when this process ends before it could look again', async () => {
    const draining = new AbortController()
    const script = scriptedCall({ friend_delete_all: [0], friend_get: [friendPage('a')] })
    draining.abort()
    const { outcome, progress } = await clear(script, { signal: draining.signal })
    expect(outcome).toMatchObject({ kind: 'snooze', reason: { code: 'aborted' } })
    expect(progress).toMatchObject({ deleted: true, notEmpty: 0 })
  })

  const unreadable: readonly (readonly [string, Scripted])[] = [
    ['a time-out', { kind: 'transport', what: 'timeout' }],
    ['a broken body', { kind: 'malformed', what: 'a body that is no JSON' }],
    ['a list that does not fit the contract', { UserDataItem: 'none' }],
    ['an illegal parameter', 30001],
    ['an internal error', 30006],
  ]
  it.each(unreadable)('never undoes a clear when %s keeps it from being proved', async (_, answer) => {
    const script = scriptedCall({ friend_delete_all: [0], friend_get: [answer] })
    let { outcome, progress } = await clear(script)
    while (outcome.kind === 'retry') {
      expect(progress.deleted).toBe(true)
      ;({ outcome, progress } = await clear(script, { progress }))
    }
    expect(outcome).toEqual({ kind: 'cleared', verified: 'no' })
    expect(commands(script).filter(each => each === 'friend_delete_all')).toHaveLength(1)
    expect(commands(script).filter(each => each === 'friend_get')).toHaveLength(4)
  })

  it.each([
    ['our own fault', 70009, 'stop'],
    ['a throttle', 60007, 'snooze'],
    ['a halt', { closed: 'halted' }, 'snooze'],
  ] as const)('keeps a clear in mind when %s comes between it and its proof', async (_, answer, kind) => {
    const script = scriptedCall({ friend_delete_all: [0], friend_get: [answer, friendPage()] })
    const first = await clear(script)
    expect(first.outcome.kind).toBe(kind)
    const second = await clear(script, { progress: first.progress })
    expect(second.outcome).toEqual({ kind: 'cleared', verified: 'yes' })
    expect(commands(script)).toEqual(['friend_delete_all', 'friend_get', 'friend_get'])
  })

  const unknown: readonly (readonly [string, Scripted])[] = [
    ['a time-out', { kind: 'transport', what: 'timeout' }],
    ['a reset', { kind: 'transport', what: 'reset' }],
    ['a time-out inside the vendor', 30007],
    ['HTTP 502', { kind: 'http', status: 502 }],
    ['an empty body', { kind: 'malformed', what: 'an empty body' }],
  ]
  it.each(unknown)('reports nothing as done after %s, with or without proof', async (_, answer) => {
    for (const verify of [true, false]) {
      const script = scriptedCall({ friend_delete_all: [answer] })
      const { outcome, progress } = await clear(script, { verify })
      expect(outcome.kind).toBe('retry')
      expect(progress.deleted).toBe(false)
    }
  })

  it('lets a look decide when the whole call is answered with «not friends»', async () => {
    const proved = scriptedCall({ friend_delete_all: [31704], friend_get: [friendPage()] })
    expect((await clear(proved, { verify: false })).outcome).toEqual({ kind: 'cleared', verified: 'yes' })
    const filled = scriptedCall({ friend_delete_all: [31704], friend_get: [friendPage('a')] })
    expect((await clear(filled, { verify: false })).outcome.kind).toBe('retry')
    const unread = scriptedCall({ friend_delete_all: [31704], friend_get: [30006] })
    const { outcome, progress } = await clear(unread, { verify: false })
    expect([outcome.kind, progress.deleted]).toEqual(['retry', false])
  })

  it('gives a code that nobody knows three attempts', async () => {
    const script = scriptedCall({ friend_delete_all: [61234] })
    const first = await clear(script)
    const second = await clear(script, { progress: first.progress })
    const third = await clear(script, { progress: second.progress })
    expect([first, second, third].map(each => each.outcome.kind)).toEqual(['retry', 'retry', 'dead'])
    expect(third).toMatchObject({ outcome: { reason: { code: '61234' } }, act: 'Ask the vendor’s support.' })
  })
})

describe('an account that the vendor does not know', () => {
  it.each([30002, 30003, 70107])('is done after %i when account_check confirms it', async code => {
    const script = scriptedCall({ friend_delete_all: [code], account_check: [accountStatus('NotImported')] })
    expect((await clear(script)).outcome).toEqual({ kind: 'not_imported' })
    expect(script.asked[1]?.body).toEqual({ CheckItem: [{ UserID: 'user_1' }] })
  })

  it('is tried again when account_check knows it after all', async () => {
    const script = scriptedCall({ friend_delete_all: [30003], account_check: [accountStatus('Imported')] })
    expect((await clear(script)).outcome).toMatchObject({ kind: 'retry', reason: { code: '30003' } })
  })

  it('is a dead letter after 30002 when account_check knows it, and our fault for three in a row', async () => {
    const script = scriptedCall({ friend_delete_all: [30002], account_check: [accountStatus('Imported')] })
    const faultStreaks = new FaultStreaks()
    const kinds: string[] = []
    for (const account of ['user_1', 'user_2', 'user_3']) {
      kinds.push((await clear(script, { account, faultStreaks })).outcome.kind)
    }
    expect(kinds).toEqual(['dead', 'dead', 'stop'])
  })

  it.each([
    ['a result without items', { ResultItem: [] }],
    ['a result without status', { ResultItem: [{ ResultCode: 0 }] }],
    ['an item that failed', { ResultItem: [{ ResultCode: 70169, AccountStatus: 'NotImported' }] }],
    ['an internal error', 70500],
  ])('is not settled on %s', async (_, answer) => {
    const script = scriptedCall({ friend_delete_all: [30003], account_check: [answer] })
    expect((await clear(script)).outcome.kind).toBe('retry')
  })

  it('halts when account_check calls the one who asks unknown', async () => {
    const script = scriptedCall({ friend_delete_all: [30003], account_check: [70107] })
    expect(await clear(script)).toMatchObject({ outcome: { kind: 'stop' }, act: expect.stringContaining('IM_ADMIN') })
  })
})

describe('a fault that all accounts share', () => {
  it.each([
    ['a body that cannot be parsed', 60003, 3, 'dead'],
    ['a refusal on the way', { kind: 'http', status: 403 }, 3, 'retry'],
    ['a service that never answers in time', 60008, 20, 'retry'],
  ] as const)('is ours when %s', async (_, answer, accounts, before) => {
    const faultStreaks = new FaultStreaks()
    const script = scriptedCall({ friend_delete_all: [answer] })
    for (let n = 1; n < accounts; n++) {
      expect((await clear(script, { account: `user_${n}`, faultStreaks })).outcome.kind).toBe(before)
    }
    expect(await clear(script, { account: `user_${accounts}`, faultStreaks })).toMatchObject({
      outcome: { kind: 'stop', reason: { text: expect.stringContaining(`for ${accounts} accounts in a row`) } },
      act: expect.any(String),
    })
  })
})
