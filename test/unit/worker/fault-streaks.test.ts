import { describe, expect, it } from 'vitest'
import { classify, type Verdict } from '../../../worker/vendor/classify.ts'
import { FaultStreaks } from '../../../worker/vendor/fault-streaks.ts'
import { envelopeReply } from '../../helpers/vendor/scripted-call.ts'

const verdict = (code: number): Verdict => classify(envelopeReply(code, {}))
const http = (status: number): Verdict => classify({ kind: 'http', status })

describe('a row of faults', () => {
  it('counts accounts, not answers: one odd account halts nobody', () => {
    const rows = new FaultStreaks()
    for (let n = 0; n < 10; n++) expect(rows.judge('friend_delete_all', 'user_1', http(403)).class).toBe('retry_later')
  })

  it('is broken by one success of the same command', () => {
    const rows = new FaultStreaks()
    const judge = (account: string, each: Verdict) => rows.judge('friend_delete_all', account, each).class
    expect(judge('user_1', verdict(60003))).toBe('permanent')
    expect(judge('user_2', verdict(60003))).toBe('permanent')
    expect(judge('user_3', verdict(0))).toBe('done')
    expect(judge('user_4', verdict(60003))).toBe('permanent')
    expect(rows.judge('friend_get', 'user_5', verdict(0)).class).toBe('done')
    expect(judge('user_6', verdict(60003))).toBe('permanent')
    expect(judge('user_7', verdict(60003))).toBe('stop')
  })

  it('stays a stop until the command works again, so that jobs that come back are not burned', () => {
    const rows = new FaultStreaks()
    for (const account of ['user_1', 'user_2']) rows.judge('friend_delete_all', account, http(403))
    for (const account of ['user_3', 'user_1', 'user_4']) {
      expect(rows.judge('friend_delete_all', account, http(413)).class).toBe('stop')
    }
  })

  it('begins anew where a person has let the fleet go on', () => {
    const rows = new FaultStreaks()
    for (const account of ['user_1', 'user_2', 'user_3']) {
      rows.judge('friend_delete_all', account, verdict(60003))
      rows.judge('friend_delete_all', account, http(403))
    }
    rows.forget(code => code === '60003')
    expect(rows.judge('friend_delete_all', 'user_4', verdict(60003)).class).toBe('permanent')
    expect(rows.judge('friend_delete_all', 'user_4', http(403)).class).toBe('stop')
  })

  it('leaves alone what is no sign of a common fault', () => {
    const rows = new FaultStreaks()
    for (let n = 0; n < 50; n++) {
      expect(rows.judge('friend_delete_all', `user_${n}`, verdict(30001)).class).toBe('permanent')
    }
  })
})
