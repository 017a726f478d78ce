import { describe, expect, it } from 'vitest'
import { CUT_OFF, entry, fault, read } from './read.ts'

describe('txt', () => {
  it('has an account a line, and faults in between cost nothing else', async () => {
    const content = `user_1\n\n用户 2 \n${'x'.repeat(33)}\nuser\t5\nuser_6\n`
    expect(await read(content, { format: 'txt' })).toEqual([
      entry(1, 'user_1'),
      fault(2, 'the account is empty'),
      entry(3, '用户 2 '),
      fault(4, 'the account is longer than 32 bytes'),
      fault(5, 'the account holds a character that is not printable'),
      entry(6, 'user_6'),
    ])
  })
})

describe('txt that nobody called so', () => {
  it('has no account with a character that other formats part fields with', async () => {
    const content = `${'user_1\n'.repeat(10_000)}user_2,Person 2\nuser_3\n`
    const reason = 'the line holds a quote or a delimiter; --format txt takes it all the same'
    expect((await read(content)).slice(-2)).toEqual([fault(10_001, reason), entry(10_002, 'user_3')])
    expect((await read(content, { format: 'txt' })).at(-2)).toEqual(entry(10_001, 'user_2,Person 2'))
  })

  it.each([
    ['User ID', 'the line looks like a header; --format txt takes it all the same'],
    [
      '1.23457E+14',
      'a spreadsheet has rounded the account to a number; save the column as text; --format txt takes it all the same',
    ],
  ])('has no account %j, which lists that were joined or edited hold', async (text, reason) => {
    const content = `user_1\n${text}\nuser_3\n`
    expect(await read(content)).toEqual([entry(1, 'user_1'), fault(2, reason), entry(3, 'user_3')])
    expect((await read(content, { format: 'txt' }))[1]).toEqual(entry(2, text))
  })
})

describe('the last line of txt', () => {
  it.each(['user_1', 'user_0\nuser_1', 'user_0\nuser_1\r'])(
    'of %j may be cut off, so it is rejected',
    async content => {
      expect((await read(content)).at(-1)).toMatchObject({ fault: CUT_OFF })
    },
  )
})

describe('ndjson', () => {
  it('has a text or an object a line', async () => {
    const lines = [
      '"user_1"',
      '{"account":"user_2"}',
      '{"account":"user_3","type":"single","due":1900000000,"request":"ticket-12"}',
      '{"account":"user_4","type":"both","due":"2h"}',
      ' {"account": "user_5", "due": "2028-02-29"} ',
    ]
    const found = await read(lines.join('\r\n'))
    expect(found).toEqual([
      entry(1, 'user_1'),
      entry(2, { account: 'user_2' }),
      entry(3, { account: 'user_3', deleteType: 'single', due: 1_900_000_000, request: 'ticket-12' }),
      entry(4, { account: 'user_4', deleteType: 'both', due: 1_800_007_200 }),
      entry(5, { account: 'user_5', due: Date.UTC(2028, 1, 29) / 1000 }),
    ])
  })

  it.each([
    ['', 'the line is empty'],
    ['   ', 'the line is empty'],
    ['{"account":"user_secret"', 'the line is no JSON'],
    ['user_secret', 'the line is no JSON'],
    ['"user_secret" "user_secret"', 'the line is no JSON'],
    ['4711', 'the line is neither a string nor an object'],
    ['null', 'the line is neither a string nor an object'],
    ['["user_secret"]', 'the line is neither a string nor an object'],
    ['""', 'the account is empty'],
    ['"user_secret\\u0000"', 'the account holds a character that is not printable'],
    ['{}', 'the account is not a string'],
    ['{"account":4711}', 'the account is not a string'],
    ['{"account":"user_secret","user_secret":1}', 'the object has fields other than account, type, due and request'],
    ['{"account":"user_secret","__proto__":{}}', 'the object has fields other than account, type, due and request'],
    ['{"account":"user_secret","type":"user_secret"}', "the type is neither 'both' nor 'single'"],
    ['{"account":"user_secret","request":""}', 'the request id is empty'],
    ['{"account":"user_secret","due":true}', 'the due date is neither whole epoch seconds nor a text'],
    ['{"account":"user_secret","due":-5}', 'the due date is before 1970'],
    ['{"account":"user_secret","due":1800000000000}', 'the due date is after the year 9999'],
    ['{"account":"user_secret","due":1.5}', 'the due date is neither whole epoch seconds nor a text'],
    ['{"account":"user_secret","due":"user_secret"}', 'the due date is neither a date nor a span'],
    ['{"account":"user_secret","due":"1960-01-01"}', 'the due date is neither a date nor a span'],
    ['{"account":"user_secret","account":"user_secret"}', 'the object has a field more than once'],
    ['{"account":"user_secret","\\u0061ccount":"x"}', 'the object has a field more than once'],
    ['{"account":"","type":"x"}', "the account is empty; the type is neither 'both' nor 'single'"],
  ])('rejects %s with a reason that holds nothing of it', async (line, reason) => {
    expect(await read(`"before"\n${line}\n"after"`, { name: 'wave.ndjson' })).toEqual([
      entry(1, 'before'),
      fault(2, reason),
      entry(3, 'after'),
    ])
    expect(reason).not.toContain('user_secret')
  })
})
