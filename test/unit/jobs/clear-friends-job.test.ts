import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accountFault, makeJobData, parseJobData } from '../../../jobs/job/clear-friends-job.ts'
import { InvalidJobError } from '../../../jobs/job/errors.ts'

const account = 'user_1'
const due = 1_800_000_000
const data = { v: 1, account, due }

const goodAccounts: readonly (readonly [what: string, account: string])[] = [
  ['one character', 'a'],
  ['32 bytes', 'a'.repeat(32)],
  ['32 bytes in 16 characters of two', 'é'.repeat(16)],
  ['30 bytes in 10 characters of three', '用'.repeat(10)],
  ['32 bytes in 8 characters of four', '🦊'.repeat(8)],
  ['spaces at both ends, which belong to it', '  user 1 '],
  ['nothing but a space', ' '],
  ['quotes, colons, slashes and braces', `"a':b/c\\{d}`],
  ['what looks like a number', '0'],
  ['what looks like JSON', '{"v":1}'],
  ['a name that objects have', '__proto__'],
]

const badAccounts: readonly (readonly [what: string, account: unknown, fault: string])[] = [
  ['nothing', '', 'the account is empty'],
  ['33 bytes', 'a'.repeat(33), 'the account is longer than 32 bytes'],
  ['34 bytes in 17 characters', 'é'.repeat(17), 'the account is longer than 32 bytes'],
  ['33 bytes in 11 characters', '用'.repeat(11), 'the account is longer than 32 bytes'],
  ['a line feed', 'user\n1', 'the account holds a character that is not printable'],
  ['a carriage return at its end', 'user_1\r', 'the account holds a character that is not printable'],
  ['a tab', 'user\t1', 'the account holds a character that is not printable'],
  ['a NUL', 'user\0', 'the account holds a character that is not printable'],
  ['a DEL', 'user\x7f', 'the account holds a character that is not printable'],
  ['a control character of the second kind', 'user\x85', 'the account holds a character that is not printable'],
  ['a zero-width space', 'user\u200b1', 'the account holds a character that is not printable'],
  ['a byte-order mark', '\uFEFFuser', 'the account holds a character that is not printable'],
  ['a change of direction', 'user\u202e1', 'the account holds a character that is not printable'],
  ['a line separator', 'user\u2028', 'the account holds a character that is not printable'],
  ['half of a surrogate pair', 'user\ud83e', 'the account holds a character that is not printable'],
  ['a number', 4711, 'the account is not a string'],
  ['null', null, 'the account is not a string'],
  ['an array', ['user_1'], 'the account is not a string'],
]

describe('an account', () => {
  it.each(goodAccounts)('may be %s and stays as it is', (_, text) => {
    expect(accountFault(text)).toBeNull()
    expect(makeJobData({ account: text, deleteType: 'both', due }).account).toBe(text)
  })

  it.each(badAccounts)('may not be %s', (_, text, fault) => {
    expect(accountFault(text)).toContain(fault)
    expect(parseJobData({ ...data, account: text })).toMatchObject({
      ok: false,
      reason: expect.stringContaining(fault),
    })
  })
})

describe('the data of a job', () => {
  it('holds no more than version 1 needs, since each byte is stored a million times', () => {
    expect(makeJobData({ account, deleteType: 'both', due })).toStrictEqual(data)
    expect(makeJobData({ account, deleteType: 'single', request: 'ticket-12', due })).toStrictEqual({
      ...data,
      type: 'single',
      request: 'ticket-12',
    })
  })

  it.each<[string, unknown, string]>([
    ['no object', 'user_secret', 'the data is not an object'],
    ['null', null, 'the data is not an object'],
    ['nothing', undefined, 'the data is not an object'],
    ['an array', ['user_secret'], 'the data is not an object'],
    ['no version', { account, due }, 'the version is not 1'],
    ['a version to come', { ...data, v: 2 }, 'the version is not 1'],
    ['a version as text', { ...data, v: '1' }, 'the version is not 1'],
    ['a field that is not known', { ...data, user_secret: 1 }, 'there are fields that version 1 does not know'],
    ['no account', { v: 1, due }, 'the account is not a string'],
    ['a type that is left out when it is both', { ...data, type: 'both' }, "the type is not 'single'"],
    ['a type that is null', { ...data, type: null }, "the type is not 'single'"],
    ['a request that is empty', { ...data, request: '' }, 'the request id is empty'],
    ['a request that is too long', { ...data, request: 'r'.repeat(65) }, 'the request id is longer than 64 characters'],
    [
      'a request with a line feed',
      { ...data, request: 'a\nb' },
      'the request id holds a character that is not printable',
    ],
    ['a request that is a number', { ...data, request: 7 }, 'the request id is not a string'],
    ['no due date', { v: 1, account }, 'the due date is not a whole number of epoch seconds'],
    ['a due date as text', { ...data, due: '2026-12-24' }, 'the due date is not a whole number of epoch seconds'],
    ['half a second', { ...data, due: due + 0.5 }, 'the due date is not a whole number of epoch seconds'],
    ['a due date that is no number', { ...data, due: Number.NaN }, 'the due date is not a whole number'],
    ['a due date before 1970', { ...data, due: -1 }, 'the due date is before 1970'],
    ['a due date in milliseconds', { ...data, due: due * 1000 }, 'the due date is after the year 9999'],
  ])('is refused with a reason for %s', (_, value, reason) => {
    const parsed = parseJobData(value)
    expect(parsed).toMatchObject({ ok: false, reason: expect.stringContaining(reason) })
    expect(JSON.stringify(parsed)).not.toContain('user_')
  })

  it('names every fault, and each once', () => {
    expect(parseJobData({ v: 3, account: '', due: -1, x: 1, y: 2 })).toEqual({
      ok: false,
      reason:
        'the version is not 1; the account is empty; the due date is before 1970; there are fields that version 1 does not know',
    })
  })

  it('is not built from a delete type that nobody knows, which would delete both ways', () => {
    const fields: Parameters<typeof makeJobData>[0] = JSON.parse(
      `{"account":"user_secret","deleteType":"Single","due":1}`,
    )
    const build = () => makeJobData(fields)
    expect(build).toThrow(InvalidJobError)
    expect(build).toThrow("the delete type is neither 'both' nor 'single'")
  })

  it('is not built from an account that does not fit, and the error does not hold it', () => {
    const build = () => makeJobData({ account: 'user_secret\n', deleteType: 'both', due })
    expect(build).toThrow(new InvalidJobError('the account holds a character that is not printable'))
  })
})

/** Any text that is short enough for an account, with any characters. */
const shortText = fc
  .oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.string({ unit: 'grapheme', maxLength: 20 }))
  .filter(text => Buffer.byteLength(text) <= 32 && text !== '')

describe('whatever the account is', () => {
  it('a job holds the values that it was made from, also after JSON', () => {
    fc.assert(
      fc.property(
        shortText.filter(text => accountFault(text) === null),
        fc.constantFrom('both', 'single'),
        fc.option(fc.stringMatching(/^[\x20-\x7e]{1,64}$/), { nil: undefined }),
        fc.integer({ min: 0, max: 253_402_300_799 }),
        (text, deleteType, request, at) => {
          // A request id that is the account is refused.
          fc.pre(request !== text)
          const made = makeJobData({ account: text, deleteType, request, due: at })
          const read = parseJobData(JSON.parse(JSON.stringify(made)))
          expect(read).toStrictEqual({ ok: true, data: made })
          expect(made.account).toBe(text)
          expect(made.type === 'single').toBe(deleteType === 'single')
        },
      ),
    )
  })

  it('it goes to Redis and back as the same bytes, or is refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), text => {
        if (accountFault(text) !== null) return
        expect(Buffer.from(text).toString()).toBe(text)
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(32)
      }),
    )
  })

  it('a reason why it is none never holds it', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.constantFrom('\0', '\n', 'x'.repeat(33)), (id, spoiler) => {
        expect(accountFault(`${id.slice(0, 12)}${spoiler}`)).not.toContain(id.slice(0, 12))
        expect(
          JSON.stringify(parseJobData({ v: 1, account: id + spoiler, [id]: id, request: `${id}\n`, due: id })),
        ).not.toContain(id.slice(0, 12))
      }),
    )
  })
})
