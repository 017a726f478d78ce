import { describe, expect, it } from 'vitest'
import type { ImportLine } from '../../../../../cli/import/read/import-line.ts'
import { cut } from './bytes.ts'
import { CUT_OFF, entry, fault, NOW, read } from './read.ts'

describe('csv', () => {
  it.each([
    ['plain', 'account\nuser_1\nuser_2\n', 'account', [entry(2, 'user_1'), entry(3, 'user_2')]],
    ['ends of Windows', 'id,account\r\n1,user_1\r\n2,user_2\n', 'account', [entry(2, 'user_1'), entry(3, 'user_2')]],
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
    [
      'rows padded with empty fields',
      'n,account,\nx,user_1,,,\nx,user_2\n',
      'account',
      [entry(2, 'user_1'), entry(3, 'user_2')],
    ],
    ['a column in other letters, with spaces', 'n, Account \nx,user_1\n', 'account', [entry(2, 'user_1')]],
    ['a column called __proto__', 'account,__proto__\nx,user_1\n', '__proto__', [entry(2, 'user_1')]],
    ['breaks of Windows in a field', 'account,n\r\nuser_1,"a\r\nb"\r\n', 'account', [entry(3, 'user_1')]],
    ['a header alone', 'account\n', 'account', []],
    ['nothing', '', 'account', []],
  ])('is read with %s', async (_, content, column, expected) => {
    expect(await read(content, { column })).toEqual(expected)
  })

  it.each([
    ['x', 'the line has 1 field and the header 2 fields'],
    ['x,user_secret,y', 'the line has 3 fields and the header 2 fields'],
    ['', 'the line is empty'],
    [',', 'the account is empty'],
    ['x,', 'the account is empty'],
    [`x,${'y'.repeat(33)}`, 'the account is longer than 32 bytes'],
    ['x,user\tsecret', 'the account holds a character that is not printable'],
    ['x,"user\nsecret"', 'the account holds a character that is not printable'],
    ['x,user"secret', 'the line is no csv: a field with a quote in it is not quoted'],
    ['x, "user_secret"', 'the line is no csv: a field with a quote in it is not quoted'],
    ['say "hi" twice "hi",user_secret', 'the line is no csv: a field with a quote in it is not quoted'],
  ])('rejects the row %j once and goes on behind it', async (row, reason) => {
    const found = await read(`n,account\nx,before\n${row}\nx,after\n`)
    const at = row.includes('\n') ? 4 : 3
    expect(found).toEqual([entry(2, 'before'), fault(at, reason), entry(at + 1, 'after')])
    expect(JSON.stringify(found)).not.toContain('secret')
  })

  it('rejects a row whose account is no UTF-8, where the start did not show that', async () => {
    const content = Buffer.from(`n,account\n${'x,user_1\n'.repeat(10_000)}x,Jos\xe9\nJos\xe9,user_2\n`, 'latin1')
    expect((await read(content)).slice(-2)).toEqual([
      fault(10_002, expect.stringContaining('U+FFFD')),
      entry(10_003, 'user_2'),
    ])
  })

  it('rejects a row that is too long, and no other, wherever its pieces end', async () => {
    const content = Buffer.from(`n,account\nx,user_1\n${'y'.repeat(70_000)},user_2\r\nx,user_3\n"a\nb",user_4\n`)
    const expected = [
      entry(2, 'user_1'),
      fault(3, 'the line is longer than 65536 bytes'),
      entry(4, 'user_3'),
      entry(6, 'user_4'),
    ]
    expect(await read(content)).toEqual(expected)
    for (const places of [[30], [65_540, 65_560], [70_018, 70_020]]) {
      expect(await read(cut(content, places))).toEqual(expected)
    }
  })

  it('takes no row of a csv of one column in which there may be two', async () => {
    const content = 'account\nuser_1;Person 1\nuser_2\tPerson 2\nuser_3,\n"user_4;"\nuser_5\n'
    const reason = 'the line has 2 fields and the header 1 field'
    expect(await read(content)).toEqual([
      fault(2, reason),
      fault(3, reason),
      fault(4, reason),
      entry(5, 'user_4;'),
      entry(6, 'user_5'),
    ])
  })

  it.each([
    ['account\nuser_1', CUT_OFF],
    ['n,account\nx,user_1', CUT_OFF],
    ['n,account\nx,"user_1"', CUT_OFF],
    ['n,account\nx', CUT_OFF],
    ['account,n\nuser_1', CUT_OFF],
  ])('rejects the last row of %j, since it may be cut off', async (content, reason) => {
    expect(await read(content)).toEqual([fault(2, reason)])
  })

  it.each(['account,n\nuser_1,', 'account,n\nuser_1,x', 'n,account,\nx,user_1,'])(
    'takes the last row of %j, since the delimiter behind the account shows its end',
    async content => {
      expect(await read(content)).toEqual([entry(2, 'user_1')])
    },
  )

  it('has no account in a second header, and none that a spreadsheet has rounded', async () => {
    const content = 'ticket,user_id\n1,user_1\nticket,user_id\n2,"1,23457E+14"\n3,user_3\n'
    expect(await read(content, { column: 'user_id' })).toEqual([
      entry(2, 'user_1'),
      fault(3, 'the line repeats the header'),
      fault(4, 'a spreadsheet has rounded the account to a number; save the column as text'),
      entry(5, 'user_3'),
    ])
  })

  it('takes request and due date of each row from their columns, where the cell is not empty', async () => {
    const rows = [
      'user_1,ticket-1,2h',
      'user_2,,1900000000',
      'user_3,ticket-1,',
      'user_4,ticket-1,soon',
      'user_5,"a\tb",',
      'user_6,t,2h',
    ]
    expect(
      await read(`id,Ticket,until\n${rows.join('\n')}`, { column: 'id', requestColumn: 'ticket', dueColumn: 'until' }),
    ).toEqual([
      entry(2, { account: 'user_1', request: 'ticket-1', due: NOW + 7200 }),
      entry(3, { account: 'user_2', due: 1_900_000_000 }),
      entry(4, { account: 'user_3', request: 'ticket-1' }),
      fault(5, 'the due date is neither a date nor a span'),
      fault(6, 'the request id holds a character that is not printable'),
      fault(7, CUT_OFF),
    ])
  })

  it.each([
    ['a quote that is never closed', 'n,account\nx,user_1\n"y,user_secret\nz,user_3\n', 3],
    ['a quote that a later line closes', 'n,account\nx,user_1\n"y,user_secret\n"z",user_3\n', 3],
    ['text behind a closing quote', 'n,account\nx,user_1\n"y"secret,user_2\nz,user_3\n', 3],
    ['a record without an end', `n,account\nx,user_1\n"${'line\n'.repeat(20_000)}`, 3],
  ])('is refused from the line on where lines can no longer be told apart: %s', async (_, content, line) => {
    const found: ImportLine[] = []
    const reading = (async () => {
      for (const item of await read(content)) found.push(item)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'INPUT_FORMAT' })
    await expect(reading).rejects.toThrow(`the csv breaks at line ${line}:`)
    await expect(reading).rejects.not.toThrow('secret')
    expect(found.filter(item => !('entry' in item) || item.entry !== 'user_1')).toEqual([])
  })
})
