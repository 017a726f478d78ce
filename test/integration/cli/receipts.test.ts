import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { Checkpoints } from '../../../jobs/receipts/checkpoints.ts'
import { runCommand } from '../../helpers/commands/run-command.ts'
import { testSeals, writeReceipts } from '../../helpers/receipts/receipts.ts'
import { TEST_RECEIPT_KEY } from '../../helpers/receipts/settling.ts'
import { type CommandKeySpace, openKeySpace } from './key-space.ts'

const key = { RECEIPT_KEY: TEST_RECEIPT_KEY }
const run = ({ settings }: CommandKeySpace, ...args: string[]) => runCommand(args, { ...settings, ...key })
const verify = (input: string | Buffer, settings: Record<string, string> = key, ...args: string[]) =>
  runCommand(['receipts', 'verify', '-', ...args], settings, input)

describe.concurrent('clear-friends receipts export', () => {
  it('writes one JSON object a line, which `verify` proves offline with the key alone', async context => {
    const keySpace = await openKeySpace(context)
    await writeReceipts(keySpace.redis, keySpace.prefix, 20)
    const exported = await run(keySpace, 'receipts', 'export')
    expect(exported).toMatchObject({ code: 0, stderr: '20 receipts, complete from number 1 to 20\n' })
    expect(exported.stdout.trimEnd().split('\n')).toHaveLength(20)
    expect(exported.stdout).not.toContain('user_')
    const file = await keySpace.file('receipts.ndjson', exported.stdout)
    const verified = await runCommand(['receipts', 'verify', file], key)
    expect(verified).toEqual({
      code: 0,
      stdout:
        '20 of 20 lines are genuine, 0 findings\nexport of all receipts from number 1 on, complete up to number 20; it says nothing of others\n',
      stderr: '',
    })
  })

  it('takes a request, a time and a number to go on behind', async context => {
    const keySpace = await openKeySpace(context)
    await writeReceipts(keySpace.redis, keySpace.prefix, 9)
    const ofRequest = await run(keySpace, 'receipts', 'export', '--request', 'ticket-1', '--since', '1h')
    expect(
      ofRequest.stdout
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line).seq),
    ).toEqual([3, 6, 9])
    const { stdout } = await verify(ofRequest.stdout)
    expect(stdout).toContain('export of all receipts of request "ticket-1" since 20')
    const rest = await run(keySpace, 'receipts', 'export', '--after', '7')
    expect(rest.stdout.trimEnd().split('\n')).toHaveLength(2)
  })

  it('of an empty range writes nothing, says so, and is no failure', async context => {
    const keySpace = await openKeySpace(context)
    expect(await run(keySpace, 'receipts', 'export')).toEqual({ code: 0, stdout: '', stderr: 'no receipts fit\n' })
    await writeReceipts(keySpace.redis, keySpace.prefix, 3)
    expect(await run(keySpace, 'receipts', 'export', '--request', 'ticket-99')).toEqual({
      code: 0,
      stdout: '',
      stderr: 'no receipts fit, complete from number 1 to 3\n',
    })
  })

  it('tells what was changed in Redis and fails', async context => {
    const keySpace = await openKeySpace(context)
    await writeReceipts(keySpace.redis, keySpace.prefix, 5)
    await run(keySpace, 'receipts', 'export')
    const [entry] = await keySpace.redis.xrange(`${keySpace.prefix}:receipts`, '3', '3')
    await keySpace.redis.xdel(`${keySpace.prefix}:receipts`, entry?.[0] ?? '')
    const { code, stderr } = await run(keySpace, 'receipts', 'export')
    expect(code).toBe(1)
    expect(stderr).toContain('receipt 3 is missing from Redis\n')
  })

  it('refuses another key than the one in use', async context => {
    const keySpace = await openKeySpace(context)
    await new Checkpoints(keySpace.redis, keySpace.prefix, testSeals).useKey()
    const other = { ...keySpace.settings, RECEIPT_KEY: 'another made-up key, of other tests' }
    const { code, stderr } = await runCommand(['receipts', 'export'], other)
    expect(code).toBe(78)
    expect(stderr).toContain('RECEIPT_KEY is not the key that the receipts in this Redis are sealed with')
  })

  it.for([
    [['--since', 'yesterday'], '"yesterday" is no time; expected an ISO date such as 2026-12-24'],
    [['--after', '-1'], 'Expected the number of a receipt'],
    [['--request', ''], 'the request id is empty'],
  ] as const)('refuses %j', async ([args, message], context) => {
    const { code, stdout, stderr } = await run(await openKeySpace(context), 'receipts', 'export', ...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })

  it('needs the key', async context => {
    const { settings } = await openKeySpace(context)
    const { code, stderr } = await runCommand(['receipts', 'export'], settings)
    expect(code).toBe(78)
    expect(stderr).toContain('RECEIPT_KEY: not set')
  })
})

describe.concurrent('clear-friends receipts verify', () => {
  it.each([
    ['no-such-file', 'there is no such file or folder, ENOENT'],
    ['.', 'it is a folder, EISDIR'],
  ])('of "%s" says what is wrong', async (file, fault) => {
    const { code, stdout, stderr } = await runCommand(['receipts', 'verify', file], key)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(`clear-friends: ${file}: it cannot be read (${fault})\n`)
  })

  const exported = async (context: Parameters<typeof openKeySpace>[0]): Promise<string> => {
    const keySpace = await openKeySpace(context)
    await writeReceipts(keySpace.redis, keySpace.prefix, 12)
    return (await run(keySpace, 'receipts', 'export')).stdout
  }

  it('names the line that was changed', async context => {
    const { code, stdout } = await verify((await exported(context)).replace('"seq":5,', '"seq":50,'))
    expect(code).toBe(1)
    expect(stdout).toContain('line 5, receipt 50: does not fit its seal\n11 of 12 lines are genuine, 1 findings')
  })

  it('names a file that was cut off, between lines or within one', async context => {
    const text = await exported(context)
    const between = await verify(`${text.trimEnd().split('\n').slice(0, 8).join('\n')}\n`)
    expect(between).toMatchObject({ code: 1 })
    expect(between.stdout).toContain('line 8: is the last, but the export went on')
    const within = await verify(text.slice(0, Math.floor(text.length / 2)))
    expect(within).toMatchObject({ code: 1 })
    expect(within.stdout).toContain('is no whole receipt; the file was cut off here')
  })

  it('takes Windows line ends and a byte-order mark for what they are', async context => {
    const { code, stdout } = await verify(`\uFEFF${(await exported(context)).replaceAll('\n', '\r\n')}`)
    expect(code).toBe(0)
    expect(stdout).toContain('12 of 12 lines are genuine')
  })

  it('with another key says that it may be another key', async context => {
    const other = { RECEIPT_KEY: 'another made-up key, of other tests' }
    const { code, stderr } = await verify(await exported(context), other)
    expect(code).toBe(1)
    expect(stderr).toContain('no line was sealed with this RECEIPT_KEY: it is another key')
  })

  it('refuses what is no export of receipts', async () => {
    const text = await readFile(new URL('../../../README.md', import.meta.url), 'utf8')
    expect(await verify(text)).toMatchObject({ code: 1, stderr: expect.stringContaining('no line was sealed with') })
    expect(await verify(Buffer.from([0, 1, 2]))).toMatchObject({ code: 1, stderr: expect.stringContaining('binary') })
    expect(await verify('')).toMatchObject({ code: 1, stderr: expect.stringContaining('the file is empty') })
  })

  it('gives programs all of it as JSON', async context => {
    const { stdout } = await verify((await exported(context)).split('\n').toSpliced(3, 1).join('\n'), key, '--json')
    expect(JSON.parse(stdout)).toEqual({
      lines: 11,
      genuine: 11,
      exports: [{ after: 0, since: null, request: null, through: 12 }],
      findings: [{ kind: 'removed', line: 4, seq: 4, text: 'before line 4: receipt 4 was removed' }],
    })
  })
})
