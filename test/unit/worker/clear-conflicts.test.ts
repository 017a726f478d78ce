import { describe, expect, it } from 'vitest'
import { accountStatus, deleteResults, friendPage, scriptedCall } from '../../helpers/vendor/scripted-call.ts'

import { clear, commands } from './clear-for-test.ts'

describe('a list that keeps conflicting', () => {
  const progress = { conflicts: 5 }

  it('counts conflicts and nothing else', async () => {
    const script = scriptedCall({ friend_delete_all: [30008] })
    expect((await clear(script)).progress.conflicts).toBe(1)
    expect((await clear(scriptedCall({ friend_delete_all: [30006] }))).progress.conflicts).toBe(0)
  })

  it('is deleted by name after five, 500 a call, and always looked at', async () => {
    const friends = Array.from({ length: 1100 }, (_, index) => `peer_${index}`)
    const asList = (from: number, to: number): Readonly<Record<string, number>> =>
      Object.fromEntries(friends.slice(from, to).map(each => [each, 0]))
    const script = scriptedCall({
      friend_get: [friendPage(...friends), friendPage()],
      friend_delete: [asList(0, 500), asList(500, 1000), asList(1000, 1100)].map(deleteResults),
    })
    const { outcome } = await clear(script, { progress, verify: false })
    expect(outcome).toEqual({ kind: 'cleared', verified: 'yes' })
    expect(commands(script)).toEqual(['friend_get', 'friend_delete', 'friend_delete', 'friend_delete', 'friend_get'])
    expect(script.asked[1]?.body).toMatchObject({ To_Account: friends.slice(0, 500), DeleteType: 'Delete_Type_Both' })
  })

  it('takes friends that are none, or are gone, for deleted', async () => {
    const script = scriptedCall({
      friend_get: [friendPage('a', 'b', 'c'), friendPage()],
      friend_delete: [deleteResults({ a: 0, b: 31704, c: 30003 })],
    })
    expect((await clear(script, { progress })).outcome).toEqual({ kind: 'cleared', verified: 'yes' })
  })

  it.each([
    [30006, 'retry'],
    [30007, 'retry'],
    [30008, 'retry'],
    [31707, 'snooze'],
  ])('comes back for friends answered with %i, after all others were tried', async (code, kind) => {
    const friends = Array.from({ length: 501 }, (_, index) => `peer_${index}`)
    const codes = Object.fromEntries(friends.slice(0, 500).map((each, index) => [each, index === 0 ? code : 0]))
    const script = scriptedCall({
      friend_get: [friendPage(...friends)],
      friend_delete: [deleteResults(codes), deleteResults({ peer_500: 0 })],
    })
    const { outcome } = await clear(script, { progress })
    expect(outcome).toMatchObject({ kind, reason: { code: String(code) } })
    expect(commands(script)).toEqual(['friend_get', 'friend_delete', 'friend_delete'])
  })

  it('looks whether an «illegal» friend is still there before it gives up', async () => {
    const gone = scriptedCall({
      friend_get: [friendPage('a', 'b'), friendPage(), friendPage()],
      friend_delete: [deleteResults({ a: 0, b: 30001 })],
    })
    expect((await clear(gone, { progress })).outcome).toEqual({ kind: 'cleared', verified: 'yes' })
    const stuck = scriptedCall({
      friend_get: [friendPage('a', 'b'), friendPage('b')],
      friend_delete: [deleteResults({ a: 0, b: 30001 })],
    })
    const { outcome } = await clear(stuck, { progress })
    expect(outcome).toMatchObject({ kind: 'dead', reason: { code: '30001' } })
    expect(JSON.stringify(outcome)).not.toContain('peer')
  })

  it.each([
    ['no results', { ResultItem: [] }],
    ['fewer results than friends', deleteResults({ a: 0 })],
    ['results for others', deleteResults({ a: 0, x: 0 })],
    ['no list of results', {}],
  ])('is not done with %s', async (_, answer) => {
    const script = scriptedCall({ friend_get: [friendPage('a', 'b')], friend_delete: [answer] })
    const { outcome } = await clear(script, { progress, verify: false })
    expect(outcome).toMatchObject({ kind: 'retry', reason: { code: 'malformed' } })
  })

  it('is not_imported when the account is gone meanwhile', async () => {
    const account_check = [accountStatus('NotImported')]
    const atRead = scriptedCall({ friend_get: [30003], account_check })
    expect((await clear(atRead, { progress })).outcome).toEqual({ kind: 'not_imported' })
    const atDelete = scriptedCall({ friend_get: [friendPage('a')], friend_delete: [30003], account_check })
    expect((await clear(atDelete, { progress })).outcome).toEqual({ kind: 'not_imported' })
  })

  it('reads page by page and stops at pages that do not advance', async () => {
    const page = (from: number, friend: string) => ({ ...friendPage(friend), CompleteFlag: 0, NextStartIndex: from })
    const script = scriptedCall({
      friend_get: [page(100, 'a'), page(200, 'b'), friendPage('c'), friendPage()],
      friend_delete: [deleteResults({ a: 0, b: 0, c: 0 })],
    })
    expect((await clear(script, { progress })).outcome).toEqual({ kind: 'cleared', verified: 'yes' })
    expect(script.asked.map(each => each.body['StartIndex'])).toEqual([0, 100, 200, undefined, 0])
    const loop = scriptedCall({ friend_get: [page(100, 'a'), page(100, 'a')] })
    expect((await clear(loop, { progress })).outcome).toMatchObject({ kind: 'retry', reason: { code: 'malformed' } })
  })
})
