import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { keysOf } from '../../../redis/keys.ts'
import { beginCommand, lastLine } from '../../helpers/commands/run-command.ts'
import { eventually } from '../../helpers/eventually.ts'
import { startCommand } from '../../helpers/processes/start-command.ts'
import { type CommandKeySpace, openKeySpace } from './key-space.ts'

async function importJson(keySpace: CommandKeySpace, ...args: readonly string[]) {
  const { code, stdout, stderr } = await keySpace.run('import', '--json', ...args)
  const manifest: unknown = JSON.parse(stdout)
  return { code, manifest, stderr }
}

const users = (count: number): string => Array.from({ length: count }, (_, n) => `user_${n}\n`).join('')

describe.concurrent('clear-friends import', () => {
  it('prints a manifest that adds up for people, with the talk on stderr', async context => {
    const keySpace = await openKeySpace(context)
    const path = await keySpace.file('wave.txt', `${users(1501)}user_7\n\n`)
    const { code, stdout, stderr } = await keySpace.run('import', path)
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: '1,503 lines = 1,501 accepted + 1 duplicate + 1 rejected\n',
    })
    expect(lastLine(stderr)).toBe(`the rejected lines are listed in ${path}.rejected`)
    expect(await readFile(`${path}.rejected`, 'utf8')).toBe('1503\tthe account is empty\n')
  })

  it('enqueues no account twice when the same file is imported again', async context => {
    const keySpace = await openKeySpace(context)
    const path = await keySpace.file('wave.txt', 'user_1\nuser_2\nuser_3\n')
    await importJson(keySpace, path)
    expect(await importJson(keySpace, path)).toMatchObject({
      code: 0,
      manifest: { lines: 3, accepted: 0, duplicate: 3, strengthened: 0, rejected: 0, rejectedFile: null },
    })
    expect(await keySpace.accounts()).toEqual(['user_1', 'user_2', 'user_3'])
    expect(await readdir(keySpace.folder)).toEqual(['wave.txt'])
  })

  it('takes the options for all lines, and those of a line before them', async context => {
    const keySpace = await openKeySpace(context)
    const own = { account: 'user_2', type: 'both', due: 1_900_000_000, request: 'mine' }
    const path = await keySpace.file('wave.jsonl', `"user_1"\n${JSON.stringify(own)}`)
    await importJson(keySpace, path, '--delete-type', 'single', '--due', '2030-01-01', '--request', 'ours')
    expect(await keySpace.jobs()).toEqual([
      { v: 1, account: 'user_1', type: 'single', request: 'ours', due: Date.UTC(2030, 0, 1) / 1000 },
      { v: 1, account: 'user_2', request: 'mine', due: 1_900_000_000 },
    ])
  })

  it.for([
    ['WAVE.CSV', [], 'account,n\nuser_1,x\n'],
    ['wave.ndjson', [], '{"account":"user_1"}'],
    ['wave.list', [], 'user_1\n'],
    ['wave.dat', ['--column', 'ID'], 'n;id\r\nx;user_1\r\n'],
    ['wave.json', [], '[\n  "user_1"\n]\n'],
    ['wave', ['--format', 'csv'], 'account\nuser_1\n'],
    ['wave.csv', ['--format', 'txt'], 'user_1\n'],
  ] as const)('finds the format of %s %j', async ([name, options, content], context) => {
    const keySpace = await openKeySpace(context)
    const { manifest } = await importJson(keySpace, await keySpace.file(name, content), ...options)
    expect(manifest).toMatchObject({ lines: 1, accepted: 1 })
    expect(await keySpace.accounts()).toEqual(['user_1'])
  })

  it('keeps each account to the byte', async context => {
    const keySpace = await openKeySpace(context)
    await importJson(
      keySpace,
      await keySpace.file('wave.txt', '\uFEFF user 1 \r\n用户🦊\r\n"quoted"\r\n'),
      '--format',
      'txt',
    )
    expect(await keySpace.accounts()).toEqual([' user 1 ', '"quoted"', '用户🦊'])
  })

  it('takes the column that it is told, and a line that repeats an account as a duplicate', async context => {
    const keySpace = await openKeySpace(context)
    const path = await keySpace.file('people.csv', 'name,id\n"a, b",user_1\nc,user_2\nd\ne,user_1\n')
    const { manifest } = await importJson(keySpace, path, '--column', 'id')
    expect(manifest).toMatchObject({ lines: 4, accepted: 2, duplicate: 1, strengthened: 0, rejected: 1 })
  })

  it('of an empty file is done, with a manifest of zeros', async context => {
    const keySpace = await openKeySpace(context)
    const manifest = { lines: 0, accepted: 0, duplicate: 0, strengthened: 0, rejected: 0, rejectedFile: null }
    const path = await keySpace.file('wave.txt', '')
    expect(await importJson(keySpace, path)).toMatchObject({ code: 0, manifest })
  })

  it('rejects broken lines with number and reason, takes the rest, and adds up', async context => {
    const keySpace = await openKeySpace(context)
    const broken = ['{"account":', '{"account":""}', '42', '{"account":"user_1","due":-5}']
    const lines = ['"user_n1"', '{"account":"user_n2","due":"7d"}', ...broken, '"user_n1"']
    const path = await keySpace.file('mixed.ndjson', `${lines.join('\n')}\n`)
    const { code, manifest, stderr } = await importJson(keySpace, path)
    expect({ code, manifest }).toEqual({
      code: 3,
      manifest: { lines: 7, accepted: 2, duplicate: 1, strengthened: 0, rejected: 4, rejectedFile: `${path}.rejected` },
    })
    const rejected = await readFile(`${path}.rejected`, 'utf8')
    expect(rejected).toMatch(
      /^3\tthe line is no JSON\n4\tthe account is empty\n5\tthe line is neither a string nor an object\n6\t.*due.*\n$/,
    )
    expect(stderr).not.toContain('user_n')
  })

  it('names the rejected lines and not what is in them, wherever it writes', async context => {
    const keySpace = await openKeySpace(context)
    const csv = `n,account\n1,user_secret_${'x'.repeat(33)}\n2,user_ok\n3,"user_\nsecret"\n4,user"secret\nsecret\n`
    const path = await keySpace.file('wave.csv', csv)
    const { code, manifest, stderr } = await importJson(keySpace, path)
    const rejected = await readFile(`${path}.rejected`, 'utf8')
    expect(code).toBe(3)
    expect(manifest).toMatchObject({ lines: 5, accepted: 1, duplicate: 0, strengthened: 0, rejected: 4 })
    expect(
      rejected
        .trimEnd()
        .split('\n')
        .map(line => line.split('\t')[0])
        .toSorted(),
    ).toEqual(['2', '5', '6', '7'])
    expect(rejected + stderr).not.toContain('secret')
  })

  it.for([
    ['picture.txt', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 10, 65]), 'the input is a binary file'],
    ['people.csv', 'user_secret,blue\nuser_98,red\n', 'the csv has no column "account"'],
  ] as const)('refuses %s before anything is enqueued', async ([name, content, message], context) => {
    const keySpace = await openKeySpace(context)
    const { code, stdout, stderr } = await keySpace.run('import', await keySpace.file(name, content))
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('user_secret')
    expect(await keySpace.jobs()).toEqual([])
  })

  it('refuses a file that is not there', async context => {
    const keySpace = await openKeySpace(context)
    const { code, stderr } = await keySpace.run('import', join(keySpace.folder, 'nothing.txt'))
    expect(code).toBe(1)
    expect(stderr).toContain('there is no such file')
  })

  it('refuses a csv that breaks, and says from which line on and what to do', async context => {
    const keySpace = await openKeySpace(context)
    const path = await keySpace.file('wave.csv', 'account,n\nuser_1,x\nuser_secret,"x" y\nuser_3,z\n')
    const { code, stdout, stderr } = await keySpace.run('import', path)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('the csv breaks at line 3:')
    expect(stderr).toContain('import it again')
    expect(stderr).not.toContain('secret')
  })
})

describe.concurrent('clear-friends import -', () => {
  it('reads standard input, and puts its list of rejected lines into the folder it was started in', async context => {
    const keySpace = await openKeySpace(context)
    const command = startCommand(['import', '-', '--json'], keySpace.settings, keySpace.folder)
    command.stdin.end('user_1\n\nuser_2\nuser_half')
    const { code, stdout, stderr } = await command.ended
    const manifest = {
      lines: 4,
      accepted: 2,
      duplicate: 0,
      strengthened: 0,
      rejected: 2,
      rejectedFile: 'stdin.rejected',
    }
    expect({ code, manifest: JSON.parse(stdout) }).toEqual({ code: 3, manifest })
    expect(await readFile(join(keySpace.folder, 'stdin.rejected'), 'utf8')).toBe(
      '2\tthe account is empty\n4\tthe last line does not end with a line break, so it may be cut off; add one\n',
    )
    expect(stderr).toContain('txt, UTF-8\n')
  })

  it('as a process does not wait for the end of its input once it is clear that it cannot be read', async context => {
    const keySpace = await openKeySpace(context)
    const command = startCommand(['import', '-', '--format', 'csv'], keySpace.settings, keySpace.folder)
    // The first 64 KiB show what an input is.
    command.stdin.write('user_secret,x\n'.repeat(5000))
    const { code, stderr } = await command.ended
    expect(code).toBe(1)
    expect(lastLine(stderr)).toMatch(/^clear-friends: the csv has no column "account"/)
    expect(stderr).not.toContain('secret')
  })

  it('as a process ends at a signal though its input waits for ever, with the lines it has, not the half of one', async context => {
    const keySpace = await openKeySpace(context)
    const command = startCommand(['import', '-', '--json'], keySpace.settings, keySpace.folder)
    // More than the 64 KiB that show what an input is, and more than a batch, for which the test waits.
    command.stdin.write(`${users(8000)}user_half`)
    await eventually(
      'a batch',
      async () => (await keySpace.redis.zcard(`${keysOf(keySpace.prefix).queue}prioritized`)) > 0,
    )
    command.signal('SIGINT')
    const { code, stdout, stderr } = await command.ended
    expect(code).toBe(75)
    expect(stderr).toContain('interrupted:')
    const accounts = await keySpace.accounts()
    expect(accounts).not.toContain('user_half')
    expect(JSON.parse(stdout)).toMatchObject({ lines: accounts.length, accepted: accounts.length })
  })

  it('ends at a signal before its input has shown what it is', async context => {
    const keySpace = await openKeySpace(context)
    const command = beginCommand(['import', '-', '--json'], keySpace.settings)
    command.stdin.write('user_1\n')
    command.interrupt()
    const { code, stdout } = await command.ended
    expect(code).toBe(75)
    expect(JSON.parse(stdout)).toMatchObject({ lines: 0, accepted: 0, rejected: 0 })
  })
})
