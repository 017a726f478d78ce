import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { read, recognise, type Wanted } from './read.ts'

const utf16 = (text: string): Buffer => Buffer.from(`\uFEFF${text}`, 'utf16le')
const bigEndian = (text: string): Buffer => utf16(text).swap16()
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')
const LETTERS = 'éèüößñçå'

describe('an input is read as what its content shows:', () => {
  it.each<[string, string | Buffer, Wanted, string]>([
    ['lines', 'user_1\nuser_2\n', {}, 'txt, UTF-8'],
    ['lines whose name agrees', 'user_1\n', { name: 'wave.txt' }, 'txt, UTF-8'],
    ['lines with delimiters that are asked for', 'a,b\n"c"\n', { format: 'txt' }, 'txt, UTF-8'],
    ['a header that is asked for as lines', 'account\nuser_1\n', { format: 'txt' }, 'txt, UTF-8'],
    ['nothing', '', { name: 'wave.csv.gz' }, 'csv, UTF-8'],
    ['one column', 'account\nuser_1\n', {}, 'csv, UTF-8, column account'],
    ['columns', 'n,Account\n1,user_1\n', { name: 'wave.csv (1)' }, 'csv, ",", UTF-8, column Account'],
    ['tabs', 'account\tn\nuser_1\t1\n', { name: 'wave.tsv' }, 'csv, tab, UTF-8, column account'],
    ['bars', 'account|n\nuser_1|1\n', { name: 'wave.dat' }, 'csv, "|", UTF-8, column account'],
    ['the line sep=', 'sep=;\r\na,b;account\r\nx;user_1\r\n', {}, 'csv, ";", UTF-8, column account'],
    [
      'any delimiter that is asked for',
      'a#b\nx#user_1\n',
      { column: 'b', delimiter: '#' },
      'csv, "#", UTF-8, column b',
    ],
    [
      'Excel’s Unicode text',
      utf16('name;USER_ID\r\nx;user_1\r\n'),
      { column: 'user_id' },
      'csv, ";", UTF-16, column USER_ID',
    ],
    ['the other UTF-16', bigEndian('account;n\nuser_1;x\n'), {}, 'csv, ";", UTF-16, column account'],
    ['UTF-16 without a mark', utf16('user_1\n').subarray(2), { encoding: 'utf-16le' }, 'txt, UTF-16'],
    ['a mark of UTF-8', '\uFEFFaccount;n\nuser_1;x\n', {}, 'csv, ";", UTF-8, column account'],
    ['Excel’s csv', latin1('account;n\nJosé;x\n'), { encoding: 'latin1' }, 'csv, ";", windows-1252, column account'],
    ['gzip', gzipSync('"user_1"\n'), { name: 'wave.ndjson.gz' }, 'ndjson, UTF-8, gzip'],
    ['strings', '"user_1"\n"user_2"\n', {}, 'ndjson, UTF-8'],
    ['objects', '{"account":"user_1"}\n\n{"account":"user_2"}', {}, 'ndjson, UTF-8'],
    ['an array', ' [ "user_1" ]', { name: 'wave.json' }, 'json, UTF-8'],
    ['an array of objects', '[\n  {\n "account": "user_1"}]', {}, 'json, UTF-8'],
    ['a quoted column', '"account"\n"user_1"\n', {}, 'csv, UTF-8, column account'],
    [
      'all columns',
      'id,t,d\nuser_1,x,2h\n',
      { column: 'ID', requestColumn: 'T', dueColumn: 'd' },
      'csv, ",", UTF-8, column id, request column t, due column d',
    ],
  ])('%s', async (_, content, wanted, words) => {
    expect(await recognise(content, wanted)).toBe(words)
  })
})

describe('an input is refused, with what was seen and what to do:', () => {
  it.each<[string, string | Buffer, Wanted, string]>([
    [
      'a spreadsheet',
      Buffer.from('PK\u0003\u0004\0\0secret'),
      {},
      'this is a spreadsheet (xlsx, ods, xls) or a zip file',
    ],
    ['a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 1]), {}, 'the input is a binary file'],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), {}, 'the input is a binary file'],
    ['UTF-16 without a mark', utf16('secret\n').subarray(2), {}, 'Read it with --encoding utf-16le'],
    ['the wrong UTF-16', utf16('secret\n').subarray(2), { encoding: 'utf-16be' }, 'Read it with --encoding utf-16le'],
    [
      'Latin-1',
      latin1('user_1\nsecret\xe9!\n'),
      {},
      'line 2 is no UTF-8. Name the encoding with --encoding, for instance windows',
    ],
    [
      'a mark and another encoding',
      utf16('secret\n'),
      { encoding: 'gbk' },
      'the byte-order mark of utf-16le, and --encoding says gbk',
    ],
    [
      'UTF-8 and another encoding',
      `${LETTERS}\n`,
      { encoding: 'latin1' },
      'the input is UTF-8, and --encoding says windows-1252',
    ],
    ['an unknown encoding', 'secret\n', { encoding: 'klingon' }, '--encoding klingon is not known'],
    ['a header in lines', 'user-ID\nsecret\n', {}, 'the first line looks like a header'],
    [
      'rows without a header',
      'secret,Person 1\nuser_2,Person 2\n',
      {},
      'its first line has 2 columns by ",", none of that name',
    ],
    ['rows among lines', 'user_1\nsecret;Person 2\n', { name: 'wave.txt' }, 'line 2 holds a ";"'],
    ['quoted lines among lines', '"secret"\nuser_2\n', {}, 'line 1 holds a quote'],
    ['usual columns', 'User ID;Name\nsecret;Person 1\n', {}, 'They are called: User ID, Name. Name the column'],
    ['lines that are called csv', 'secret\n', { name: 'wave.csv' }, 'its first line has 1 column, none of that name'],
    [
      'a csv that is called txt',
      'account,n\nsecret,1\n',
      { name: 'wave.txt' },
      'the name says txt, but the content looks like csv',
    ],
    [
      'ndjson that is called json',
      '"secret"\n',
      { name: 'a.json' },
      'the name says json, but the content looks like ndjson',
    ],
    [
      'two delimiters',
      'account,x;account\nsecret,1;2\n',
      {},
      'whether its delimiter is "," or ";". Say which with --delimiter',
    ],
    ['two columns of the name', 'account,ACCOUNT\nsecret,x\n', {}, 'the csv has the column "account" 2 times'],
    ['no such column', 'account,n\nsecret,x\n', { requestColumn: 't' }, 'the csv has no column "t"'],
    [
      'another sep=',
      'sep=;\naccount;n\n',
      { delimiter: ',' },
      'says that its delimiter is ";", and --delimiter says ","',
    ],
    [
      'a quote that is open',
      '"account\nsecret\n',
      {},
      'the header of the csv cannot be read: it is too long, or a quote',
    ],
    ['--column and lines', 'secret\n', { column: 'x', format: 'txt' }, '--column is for csv, and --format says txt'],
    [
      '--delimiter and JSON',
      '{"account":"secret"}\n',
      { delimiter: ';' },
      '--delimiter is for csv. Read it with --format ndjson',
    ],
    ['JSON as csv', '["secret"]', { format: 'csv' }, 'looks like a JSON array, and it is to be read as csv'],
    ['JSON as lines', '[\n"secret"]', { format: 'txt' }, 'looks like a JSON array, and it is to be read as txt'],
    ['lines as ndjson', 'secret\n', { format: 'ndjson' }, 'the first line is neither a JSON string nor a JSON object'],
    ['an array as ndjson', '["secret"]', { format: 'ndjson' }, 'Read it with --format json'],
    ['ndjson as an array', '"secret"\n', { format: 'json' }, 'say --format ndjson'],
    [
      'an object over several lines',
      '{\n  "account": "secret"\n}\n',
      {},
      'a JSON object that does not end in its first line',
    ],
    ['a header in ndjson', '"user_id"\n"secret"\n', {}, 'the csv has no column "account"'],
    [
      'a first line without an end',
      `secret,${'x'.repeat(70_000)}`,
      { format: 'csv' },
      'the header of the csv cannot be read',
    ],
  ])('%s', async (_, content, wanted, words) => {
    const reading = read(content, wanted)
    await expect(reading).rejects.toMatchObject({ code: 'INPUT_FORMAT' })
    await expect(reading).rejects.toThrow(words)
    await expect(reading).rejects.not.toThrow('secret')
  })
})

describe('what an input is', () => {
  it('depends on its first 64 KiB, however the input is cut', async () => {
    const content = Buffer.from(`${'user_1\n'.repeat(9362)}a,b\nuser_2\n`)
    expect(content.indexOf(',')).toBe(65_535)
    await expect(read(content)).rejects.toThrow('line 9363 holds a ","')
    const later = Buffer.concat([Buffer.from('x'), content])
    for (const pieces of [[later], [later.subarray(0, 65_536), later.subarray(65_536)]]) {
      const [cut, last] = (await read(pieces)).slice(-2)
      expect(cut).toMatchObject({ line: 9363, fault: expect.stringContaining('delimiter') })
      expect(last).toEqual({ line: 9364, entry: 'user_2' })
    }
  })

  it('stays so behind its start: bytes that do not fit the encoding end the import at their line', async () => {
    const content = Buffer.concat([latin1('user_1\n'.repeat(20_000)), Buffer.from([0xff, 0x0a])])
    await expect(read(content, { encoding: 'gbk' })).rejects.toThrow('line 20001 holds bytes that are no gbk')
  })
})
