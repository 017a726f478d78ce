import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ImportLine } from '../../../../../cli/import/read/import-line.ts'
import { type Format, readEntries } from '../../../../../cli/import/read/read-entries.ts'
import { all, cut, inPieces, places } from './bytes.ts'

const NOW = 1_800_000_000

const read = (format: Format, content: string | Buffer, column = 'account'): Promise<ImportLine[]> =>
  all(readEntries(inPieces(content), format, column, NOW))

const entry = (line: number, account: unknown): unknown => ({ line, entry: account })
const fault = (line: number, text: string): unknown => ({ line, fault: text })

describe('txt', () => {
  it('has an account a line, and faults in between cost nothing else', async () => {
    const content = `user_1\n\n用户 2 \n${'x'.repeat(33)}\nuser\t5\nuser_6`
    expect(await read('txt', content)).toEqual([
      entry(1, 'user_1'),
      fault(2, 'the account is empty'),
      entry(3, '用户 2 '),
      fault(4, 'the account is longer than 32 bytes'),
      fault(5, 'the account holds a character that is not printable'),
      entry(6, 'user_6'),
    ])
  })
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
    const found = await read('ndjson', lines.join('\r\n'))
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
    ['{"account":"","type":"x"}', "the account is empty; the type is neither 'both' nor 'single'"],
  ])('rejects %s with a reason that holds nothing of it', async (line, reason) => {
    expect(await read('ndjson', `"before"\n${line}\n"after"`)).toEqual([
      entry(1, 'before'),
      fault(2, reason),
      entry(3, 'after'),
    ])
    expect(reason).not.toContain('user_secret')
  })
})

describe('csv', () => {
  it.each([
    ['plain', 'account\nuser_1\nuser_2\n', 'account', [entry(2, 'user_1'), entry(3, 'user_2')]],
    ['ends of Windows', 'id,account\r\n1,user_1\r\n2,user_2', 'account', [entry(2, 'user_1'), entry(3, 'user_2')]],
    ['mixed ends', 'id,account\r\n1,user_1\n2,user_2\r\n', 'account', [entry(2, 'user_1'), entry(3, 'user_2')]],
    ['a byte-order mark', '\uFEFFaccount\nuser_1\n', 'account', [entry(2, 'user_1')]],
    ['another column', 'a,b\nx,user_1\n', 'b', [entry(2, 'user_1')]],
    ['a quoted header', '"the id","b"\nuser_1,x\n', 'the id', [entry(2, 'user_1')]],
    ['quoted fields', 'n,account\n"a, b","user_1"\n', 'account', [entry(2, 'user_1')]],
    ['quotes in an account', 'account\n"a""b"\n', 'account', [entry(2, 'a"b')]],
    ['spaces, which belong to it', 'n,account\nx, user_1 \n', 'account', [entry(2, ' user_1 ')]],
    [
      'a field of two lines',
      'account,n\nuser_1,"a\nb"\nuser_2,c\n',
      'account',
      [entry(3, 'user_1'), entry(4, 'user_2')],
    ],
    ['more fields than columns', 'n,account\nx,user_1,y,z\n', 'account', [entry(2, 'user_1')]],
    ['a row too short that has the account', 'account,n\nuser_1\n', 'account', [entry(2, 'user_1')]],
    ['a header alone', 'account\n', 'account', []],
    ['nothing', '', 'account', []],
  ])('is read with %s', async (_, content, column, expected) => {
    expect(await read('csv', content, column)).toEqual(expected)
  })

  it.each([
    ['x', 'the line has too few columns'],
    ['', 'the line has too few columns'],
    ['x,', 'the account is empty'],
    [`x,${'y'.repeat(33)}`, 'the account is longer than 32 bytes'],
    ['x,user\tsecret', 'the account holds a character that is not printable'],
    ['x,"user\nsecret"', 'the account holds a character that is not printable'],
    ['x,user"secret', 'the line is no csv: a field with a quote in it is not quoted'],
    ['x, "user_secret"', 'the line is no csv: a field with a quote in it is not quoted'],
    ['say "hi" twice "hi",user_secret', 'the line is no csv: a field with a quote in it is not quoted'],
  ])('rejects the row %j once and goes on behind it', async (row, reason) => {
    const found = await read('csv', `n,account\nx,before\n${row}\nx,after\n`)
    const at = row.includes('\n') ? 4 : 3
    expect(found).toEqual([entry(2, 'before'), fault(at, reason), entry(at + 1, 'after')])
    expect(JSON.stringify(found)).not.toContain('secret')
  })

  it('rejects a row that is no UTF-8', async () => {
    const content = Buffer.from('account\nJos\xe9\nuser_2\n', 'latin1')
    expect(await read('csv', content)).toEqual([fault(2, 'the line is not valid UTF-8'), entry(3, 'user_2')])
  })

  it.each([
    ['user_secret,blue\nuser_2,red\n', 'its first line has 2 columns'],
    ['user_secret\n', 'its first line has 1 column'],
    ['Account\nuser_secret\n', 'its first line has 1 column'],
    ['account;n\nuser_secret;x\n', 'its first line has 1 column'],
    ['account,account\nuser_1,user_2\n', 'the csv has the column "account" 2 times'],
  ])('without one column of that name is refused, and its first line is not repeated: %j', async (content, message) => {
    const reading = read('csv', content)
    await expect(reading).rejects.toMatchObject({ code: 'INPUT_FORMAT' })
    await expect(reading).rejects.toThrow(message)
    await expect(reading).rejects.not.toThrow('secret')
  })

  it.each([
    ['a quote that is never closed', 'n,account\nx,user_1\n"y,user_secret\nz,user_3\n', 4],
    ['a quote that a later line closes', 'n,account\nx,user_1\n"y,user_secret\n"z",user_3\n', 4],
    ['text behind a closing quote', 'n,account\nx,user_1\n"y"secret,user_2\nz,user_3\n', 3],
    ['a broken header', '"account\nuser_secret\n', 2],
    ['a record without an end', `n,account\nx,user_1\n"${'line\n'.repeat(20_000)}`, 13_110],
  ])('is refused from the line on where lines can no longer be told apart: %s', async (_, content, line) => {
    const found: ImportLine[] = []
    const reading = (async () => {
      for await (const item of readEntries(inPieces(content), 'csv', 'account', NOW)) found.push(item)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'INPUT_FORMAT' })
    await expect(reading).rejects.toThrow(`the csv breaks at line ${line}:`)
    await expect(reading).rejects.not.toThrow('secret')
    expect(found.filter(item => !('entry' in item) || item.entry !== 'user_1')).toEqual([])
  })
})

describe.each(['txt', 'csv', 'ndjson'] as const)('%s', format => {
  it('that is binary is refused', async () => {
    await expect(read(format, Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 10]))).rejects.toThrow('the input is a binary file')
  })

  it('hands on the failure of its source', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.from('account\n')
      throw new Error('the disk is gone')
    }
    await expect(all(readEntries(broken(), format, 'account', NOW))).rejects.toThrow('the disk is gone')
  })

  it('gives back the accounts that were written, wherever the pieces of the file end', async () => {
    const account = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
      .filter(text => Buffer.byteLength(text) <= 32 && /^[^\p{C}\p{Zl}\p{Zp}\uFFFD]+$/u.test(text))
    await fc.assert(
      fc.asyncProperty(fc.array(account, { maxLength: 12 }), places, async (accounts, at) => {
        const found = await all(readEntries(inPieces(...cut(write(format, accounts), at)), format, 'account', NOW))
        expect(found.map(item => ('entry' in item ? item.entry : item.fault))).toEqual(accounts)
      }),
    )
  })
})

function write(format: Format, accounts: readonly string[]): Buffer {
  const lines = {
    txt: () => accounts,
    ndjson: () => accounts.map(account => JSON.stringify(account)),
    csv: () => ['n,account', ...accounts.map(account => `x,"${account.replaceAll('"', '""')}"`)],
  }
  return Buffer.from(lines[format]().join('\n'))
}
