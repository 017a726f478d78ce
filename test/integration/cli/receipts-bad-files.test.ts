import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { runCommand } from '../../helpers/commands/run-command.ts'
import { receiptKeyOf, TEST_RECEIPT_KEY } from '../../helpers/receipts/settling.ts'
import { verifyIndependently } from '../../helpers/receipts/verify-independently.ts'
import { APP, logForTest } from '../receipts/log-for-test.ts'
import { openKeySpace } from './key-space.ts'
import { openSigned, run, verify } from './signed-log.ts'

describe.concurrent('verifying a bad file', () => {
  it.for([
    ['an outcome was changed', (lines: string[]) => edit(lines, 4, '"cleared"', '"cancelled"'), 'line 5'],
    ['a line was removed', (lines: string[]) => lines.toSpliced(4, 1), 'line 5'],
    ['a line is there twice', (lines: string[]) => lines.toSpliced(4, 0, lines[4] ?? ''), 'line 6'],
    ['two lines changed places', (lines: string[]) => lines.with(2, lines[6] ?? '').with(6, lines[2] ?? ''), 'line 3'],
    ['a time was changed', (lines: string[]) => edit(lines, 4, '"at":"20', '"at":"19'), 'line 5'],
    ['the end was cut off', (lines: string[]) => lines.slice(0, -1), 'the end of the export is missing'],
    ['it was cut within a line', (lines: string[]) => [...lines.slice(0, 5), lines[5]?.slice(0, 60) ?? ''], 'line 6'],
    ['the end was changed', (lines: string[]) => edit(lines, 10, '"through":10', '"through":11'), 'line 11'],
    ['a line of another log was put in', (lines: string[]) => edit(lines, 4, '"seq":5', '"seq":6'), 'line 5'],
  ] as const)('tells where %s', async ([_what, change, told], context) => {
    const { keySpace, publicKey } = await openSigned(context, 10)
    const lines = (await run(keySpace, 'export')).stdout.trimEnd().split('\n')
    const file = await keySpace.file('bad.ndjson', `${change(lines).join('\n')}\n`)
    const { code, stdout } = await verify(file, publicKey)
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining(told) })
    expect(await verifyIndependently(file, publicKey)).toMatchObject({ code: 1 })
  })

  it.for([
    [
      'with Windows line ends and a byte-order mark',
      (text: string) => `\uFEFF${text.replaceAll('\n', '\r\n')}`,
      0,
      '0 findings',
    ],
    ['that is empty', () => '', 1, 'it proves nothing'],
    ['of binary', () => 'a\0b', 1, 'binary file'],
    ['of another kind', () => '{"some":"json"}\n', 1, 'line 1: the line is no entry as an export holds it'],
    ['that is packed', (text: string) => gzipSync(text), 1, 'give the file as `receipts export` wrote it, unpacked'],
    ['in UTF-16', (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le'), 1, 'expected text in UTF-8'],
    ['of bytes that are no text', () => Buffer.from([0xff, 0xfe, 0x0a]), 1, 'line 1: the line is no text in UTF-8'],
    ['without its last line feed', (text: string) => text.trimEnd(), 0, '0 findings'],
    ['joined with another in one line', (text: string) => text.trimEnd() + text, 1, 'line 4: the line is no entry'],
    ['that is there twice', (text: string) => text + text, 0, '0 findings'],
  ] as const)('takes or refuses a file %s', async ([_what, change, code, said], context) => {
    const { keySpace, publicKey } = await openSigned(context, 3)
    const file = await keySpace.file('odd.ndjson', change((await run(keySpace, 'export')).stdout))
    const result = await verify(file, publicKey)
    expect({ code: result.code, said: result.stdout + result.stderr }).toEqual({
      code,
      said: expect.stringContaining(said),
    })
  })

  it('tells once, and not for each line, that it belongs to another app, fleet or key', async context => {
    const own = await openSigned(context, 20)
    const exported = (await run(own.keySpace, 'export')).stdout
    const file = await own.keySpace.file('receipts.ndjson', exported)
    const strangers = await Promise.all(
      [
        { key: receiptKeyOf('a stranger'), app: APP },
        { key: TEST_RECEIPT_KEY, app: APP + 1 },
      ].map(async ({ key: text, app }) => {
        const keySpace = await openKeySpace(context)
        const log = logForTest(keySpace.redis, keySpace.prefix, text, app)
        await log.bind()
        await log.write(20)
        await log.keeper().keep(true)
        const settings = { ...keySpace.settings, RECEIPT_KEY: text }
        const [receipts, publicKey, pem] = await Promise.all(
          [['export'], ['key'], ['key', '--pem']].map(args => runCommand(['receipts', ...args], settings)),
        )
        return { receipts: receipts?.stdout ?? '', publicKey: publicKey?.stdout.trim() ?? '', pem: pem?.stdout ?? '' }
      }),
    )
    for (const { receipts, publicKey } of strangers) {
      expect((await verify(file, publicKey)).stdout).toMatch(
        /line 21: it is an export of .* take the public key of the/,
      )
      expect((await verify(file, publicKey)).stdout.split('bad signature').length).toBeLessThan(4)
      const joined = await own.keySpace.file('joined.ndjson', exported + receipts)
      expect(await verify(joined, own.publicKey)).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('line 42: it is'),
      })
      expect(await verifyIndependently(joined, own.publicKey)).toMatchObject({ code: 1 })
    }
    const pem = await own.keySpace.file('stranger.pem', strangers[0]?.pem ?? '')
    expect((await verify(file, pem)).stdout).toContain('none of the 20 entries is signed with this key')
  })

  it('is refused where it is a head, and the head of another log beside it is told', async context => {
    const { keySpace, publicKey, keeper, log } = await openSigned(context, 3)
    const file = await keySpace.file('receipts.ndjson', (await run(keySpace, 'export')).stdout)
    await log.write(1)
    const kept = await keeper.keep(true)
    const head = await keySpace.file('head', kept.kind === 'kept' ? kept.note : '')
    expect(await verify(head, publicKey)).toMatchObject({ code: 2, stderr: expect.stringContaining('with --against') })
    const other = await openSigned(context, 3)
    const foreign = await other.keySpace.file('other.ndjson', (await run(other.keySpace, 'export')).stdout)
    expect((await verify(file, publicKey, '--against', foreign)).stdout).toContain('the head belongs to')
    const none = await keySpace.file('none', 'no head\n')
    expect((await verify(file, publicKey, '--against', none)).stderr).toContain('it holds no signed head')
  })

  it('tells another key, another fleet, a typing error in the key, and a head of a longer log', async context => {
    const { keySpace, keeper, log, publicKey } = await openSigned(context, 3)
    const file = await keySpace.file('receipts.ndjson', (await run(keySpace, 'export')).stdout)
    const other = await openSigned(context, 1)
    expect((await verify(file, other.publicKey)).stdout).toContain('but the key belongs to')
    const typo = await verify(
      file,
      publicKey.replace(/.$/, letter => (letter === 'A' ? 'B' : 'A')),
    )
    expect(typo).toMatchObject({ code: 2, stderr: expect.stringContaining('letter by letter') })
    expect(await runCommand(['receipts', 'verify', file], {})).toMatchObject({ code: 2 })
    await log.write(2)
    const longer = await keeper.keep(true)
    const head = await keySpace.file('head.txt', longer.kind === 'kept' ? longer.note : '')
    expect(await verify(file, publicKey, '--against', head)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('the head covers 5 entries, and the export ends with entry 3'),
    })
    const whole = await keySpace.file('whole.ndjson', (await run(keySpace, 'export')).stdout)
    expect(await verify(whole, publicKey, '--against', head)).toMatchObject({ code: 0 })
    expect(await verifyIndependently(whole, publicKey, head)).toMatchObject({ code: 0 })
  })
})

const edit = (lines: readonly string[], at: number, from: string, to: string): string[] =>
  lines.with(at, lines[at]?.replace(from, to) ?? '')
