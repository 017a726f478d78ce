import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MALFORMED_KINDS } from '../../../simulator/faults/fault-rule.ts'
import { InvalidFaultRuleError, parseDurationMs, parseFaultRule } from '../../../simulator/faults/fault-text.ts'

describe('the text form of a fault rule', () => {
  test.each([
    ['30006', { answer: { code: 30006 } }],
    ['30006:share=0.1,times=1', { answer: { code: 30006 }, accounts: { share: 0.1 }, times: 1 }],
    ['30006:share=0.1,times=always', { answer: { code: 30006 }, accounts: { share: 0.1 }, times: 'always' }],
    ['http-502:share=0.05', { answer: { http: 502 }, accounts: { share: 0.05 } }],
    ['reset-after-apply:share=0.01', { answer: 'reset-after-apply', accounts: { share: 0.01 } }],
    ['30007:slice=0.1..0.2,apply=yes', { answer: { code: 30007 }, accounts: { slice: [0.1, 0.2] }, apply: true }],
    ['hang:accounts=user_1|user_2', { answer: 'hang', accounts: { list: ['user_1', 'user_2'] } }],
    ['item-30006:command=friend_delete', { answer: { itemCode: 30006 }, command: 'friend_delete' }],
    ['delay-3.1s:nth=2', { answer: { delayMs: 3100 }, nth: 2 }],
    ['delay-250:every=3', { answer: { delayMs: 250 }, every: 3 }],
    ['malformed-null', { answer: { malformed: 'null' } }],
    ['malformed:null:times=1', { answer: { malformed: 'null' }, times: 1 }],
    [
      '60018:probability=0.01,from=10s,to=20s',
      { answer: { code: 60018 }, probability: 0.01, window: { fromMs: 10_000, toMs: 20_000 } },
    ],
    ['60020:from=5s', { answer: { code: 60020 }, window: { fromMs: 5000, toMs: Number.MAX_SAFE_INTEGER } }],
    ['60020:to=2m,total=7', { answer: { code: 60020 }, window: { fromMs: 0, toMs: 120_000 }, total: 7 }],
    ['partial', { answer: 'partial' }],
    ['stall-connection:every=4', { answer: 'stall-connection', every: 4 }],
  ])('reads %s', (text, rule) => {
    expect(parseFaultRule(text)).toEqual(rule)
  })

  test.each(MALFORMED_KINDS)('knows the broken body %s', kind => {
    expect(parseFaultRule(`malformed-${kind}`)).toEqual({ answer: { malformed: kind } })
  })

  test.each([
    ['', '"" is no answer; expected a vendor code (30006), http-<status>'],
    ['reset', '"reset" is no answer'],
    ['http-200', 'answer.http: Too small: expected number to be >=300'],
    ['http-x', '"http-x" is no answer'],
    ['delay-soon', '"soon" is no duration; write 250ms, 3s or 2m'],
    ['malformed-odd', '"odd" is no way to break a body; expected one of empty, null'],
    ['30006:shre=0.1', 'unknown option "shre"; options are command, share'],
    ['30006:share', 'option "share" has no value; write share=value'],
    ['30006:share=', 'option "share" has no value'],
    ['30006:share=much', 'share="much" is not a number'],
    ['30006:share=2', 'accounts'],
    ['30006:share=-0.1', 'share="-0.1" is not a number'],
    ['30006:share=0.1,share=0.2', 'option "share" stands there twice'],
    ['30006:share=0.1,accounts=a', 'share, slice and accounts exclude each other'],
    ['30006:slice=0.3..0.2', 'the slice ends before it begins'],
    ['30006:slice=0.3', 'accounts'],
    ['30006:command=friend_add', '"friend_add" is no vendor call'],
    ['30006:times=0', 'times'],
    ['30006:times=1.5', 'times'],
    ['30006:nth=0', 'nth'],
    ['30006:from=20s,to=10s', 'the window ends before it begins'],
    ['30006:apply=maybe', 'apply="maybe" is neither yes nor no'],
    ['stall-connection:share=0.1', 'stall-connection knows neither calls nor accounts'],
    ['30006:toString=1', 'unknown option "toString"'],
  ])('refuses %j in one line that says what is wrong', (text, problem) => {
    const read = (): unknown => parseFaultRule(text)
    expect(read).toThrow(InvalidFaultRuleError)
    expect(read).toThrow(problem)
    expect(read).toThrow(`fault "${text}": `)
    expect(read).not.toThrow(/\n/)
  })

  test('reads or refuses any text, and fails in no other way', () => {
    const part = fc.constantFrom(
      '30006',
      'hang',
      'http-502',
      ':',
      ',',
      '=',
      'share',
      '0.5',
      'times',
      '1',
      '..',
      '|',
      'x',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part).map(parts => parts.join('')),
        ),
        text => {
          try {
            expect(parseFaultRule(text).answer).toBeDefined()
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidFaultRuleError)
          }
        },
      ),
    )
  })

  test.each([
    ['250', 250],
    ['250ms', 250],
    ['3.1s', 3100],
    ['2m', 120_000],
    ['0', 0],
    ['1h', undefined],
    ['-1s', undefined],
    ['', undefined],
    ['s', undefined],
  ])('reads the duration %j as %s', (text, durationMs) => {
    expect(parseDurationMs(text)).toBe(durationMs)
  })
})
