import { describe, expect, it } from 'vitest'
import { cut } from './bytes.ts'
import { entry, fault, NOW, read } from './read.ts'

describe('a JSON array', () => {
  it('has strings and objects as an ndjson, with the lines on which they begin', async () => {
    const content = Buffer.from(`[ "a,]\\"b",{"account":"user_2","due":"2h"}\n,\n{\n"account": "用户"\n} ]\n`)
    const expected = [
      entry(1, 'a,]"b'),
      entry(1, { account: 'user_2', due: NOW + 7200 }),
      entry(3, { account: '用户' }),
    ]
    expect(await read(content)).toEqual(expected)
    for (let at = 0; at < content.length; at += 1) expect(await read(cut(content, [at]))).toEqual(expected)
  })

  it.each(['[]', ' [\n] '])('may be empty: %j', async content => {
    expect(await read(content)).toEqual([])
  })

  it('rejects an element that is no account, and says which of a line', async () => {
    const content = Buffer.from(
      '["user_1",42,"",\n["user_2"],{"account":"a","account":"b"},"user_3","Jos\xe9"]',
      'latin1',
    )
    // The start must be UTF-8, so what is not lies behind it.
    const long = Buffer.concat([Buffer.from(`[${' '.repeat(70_000)}`), content.subarray(1)])
    expect(await read(long)).toEqual([
      entry(1, 'user_1'),
      fault(1, 'element 2: the element is neither a string nor an object'),
      fault(1, 'element 3: the account is empty'),
      fault(2, 'element 4: the element is neither a string nor an object'),
      fault(2, 'element 5: the object has a field more than once'),
      entry(2, 'user_3'),
      fault(2, 'element 7: it is not valid UTF-8'),
    ])
  })

  it.each([
    ['["user_1",\n"user_secret"', 2, 'the input ends before the array does'],
    ['["user_1",\n"user_secret', 2, 'the input ends before the array does'],
    ['["user_1",\n"user_secret" "user_3"]', 2, 'element 2 is no JSON'],
    ['["user_1",\n{"account":"user_secret"]]', 2, 'element 2 is no JSON'],
    ['["user_1",\nuser_secret]', 2, 'element 2 is no JSON'],
    ['["user_1",\n,"user_secret"]', 2, 'there is a comma without an element'],
    ['["user_1",\n]', 2, 'there is a comma without an element'],
    ['["user_1"]\n["user_secret"]', 2, 'there is something behind the end of the array'],
    [`["user_1",\n"${'x'.repeat(70_000)}"]`, 2, 'element 2 is longer than 65536 bytes, or a quote is missing'],
  ])('that breaks is refused from there on: %.40j', async (content, line, what) => {
    const reading = read(content)
    await expect(reading).rejects.toMatchObject({ code: 'INPUT_FORMAT' })
    await expect(reading).rejects.toThrow(`the JSON array breaks at line ${line}: ${what}`)
    await expect(reading).rejects.not.toThrow('secret')
  })
})
