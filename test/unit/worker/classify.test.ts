import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classify } from '../../../worker/vendor/classify.ts'
import type { Reply } from '../../../worker/vendor/client.ts'
import { codeRules, ruleOfCode } from '../../../worker/vendor/error-codes.ts'

const answer = (ActionStatus: string, ErrorCode: number): Reply => ({
  kind: 'answer',
  envelope: { ActionStatus, ErrorCode },
  body: {},
})

describe('classify', () => {
  it('calls an answer a success only when status and code both say so', () => {
    fc.assert(
      fc.property(fc.constantFrom('OK', 'FAIL', 'ok', ''), fc.integer({ min: 0, max: 99_999 }), (status, code) => {
        const verdict = classify(answer(status, code))
        if (status === 'OK' && code === 0) expect(verdict.class).toBe('done')
        else if (verdict.class === 'done') expect(ruleOfCode(code).class).toBe('done')
        if (status === 'OK' && code !== 0) expect(verdict.label).toBe('contradiction')
        if (status !== 'OK' && code === 0) expect(verdict.label).toBe('contradiction')
      }),
    )
  })

  it.each(Object.entries(codeRules).filter(([code]) => code !== '0'))('gives code %s its row', (code, rule) => {
    expect(classify(answer('FAIL', Number(code)))).toMatchObject({
      class: rule.class,
      reason: { code, text: rule.means },
      label: code,
      answered: true,
    })
  })

  it('keeps labels bounded, whatever code the vendor invents', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999 }), code => {
        const { label } = classify(answer('FAIL', code))
        expect(label === 'unlisted' || codeRules[Number(label)] !== undefined).toBe(true)
      }),
    )
  })

  const others: readonly (readonly [string, Reply, object])[] = [
    ['a 502', { kind: 'http', status: 502 }, { class: 'retry_later', label: 'http_5xx', outcomeUnknown: true }],
    [
      'a 429 of a proxy, with what it asks for',
      { kind: 'http', status: 429, retryAfterMs: 7000 },
      { class: 'throttled', label: 'http_4xx', outcomeUnknown: false, waitMs: 7000 },
    ],
    ['a 403', { kind: 'http', status: 403 }, { class: 'retry_later', label: 'http_4xx', outcomeUnknown: false }],
    ['a 204', { kind: 'http', status: 204 }, { class: 'retry_later', label: 'malformed', outcomeUnknown: true }],
    ['a redirect', { kind: 'http', status: 302 }, { class: 'stop', label: 'http_3xx' }],
    [
      'no answer in time',
      { kind: 'transport', what: 'timeout' },
      { class: 'retry_later', outcomeUnknown: true, answered: false },
    ],
    ['a reset', { kind: 'transport', what: 'reset' }, { class: 'retry_later', outcomeUnknown: true, answered: false }],
    [
      'an empty body',
      { kind: 'malformed', what: 'an empty body' },
      { class: 'retry_later', label: 'malformed', outcomeUnknown: true },
    ],
  ]
  it.each(others)('never takes %s for a success', (_, reply, expected) => {
    expect(classify(reply)).toMatchObject(expected)
  })
})

describe('the table of codes', () => {
  it.each([
    [30004, 'stop'],
    [30006, 'retry_now'],
    [30007, 'retry_now'],
    [30008, 'conflict'],
    [30003, 'check_account'],
    [60007, 'throttled'],
    [60011, 'throttled_all'],
    [70001, 'renew_signature'],
    [70009, 'stop'],
    [70346, 'stop'],
    [38123, 'permanent'],
    [61234, 'retry_later'],
    [31704, 'not_friends'],
    [60004, 'recheck_signature'],
    [60003, 'permanent'],
    [30002, 'check_account'],
  ])('sends %i to %s, as the contract does', (code, cls) => {
    expect(ruleOfCode(code).class).toBe(cls)
  })

  it('takes nothing but 0 for a success', () => {
    const done = Object.entries(codeRules).filter(([, rule]) => rule.class === 'done')
    expect(done.map(([code]) => code)).toEqual(['0'])
  })

  it('tells an operator what to do wherever a row of accounts stops the fleet', () => {
    const silent = Object.values(codeRules).filter(rule => rule.haltsAfter !== undefined && rule.act === undefined)
    expect(silent).toEqual([])
  })

  it('tells an operator what to do wherever it stops the fleet', () => {
    const silent = Object.entries(codeRules).filter(([, rule]) => rule.class === 'stop' && rule.act === undefined)
    expect(silent).toEqual([])
  })
})
