import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { describe, expect, it, type TestContext } from 'vitest'
import { keysOf } from '../../../redis/keys.ts'
import { beginAndWait, interrupt, killWhen, queued, users } from './import-runs.ts'
import { type CommandKeySpace, openKeySpace } from './key-space.ts'

async function interrupted(context: TestContext, args: readonly string[] = [], content = users(1200)) {
  const keySpace = await openKeySpace(context)
  const file = await keySpace.file('wave.txt', content)
  await interrupt(keySpace, file, ...args)
  return { keySpace, file }
}

describe.concurrent('an import that was interrupted', () => {
  it('by kill -9, again and again, is resumed without a gap and without doubles, and its manifest adds up over all runs', async context => {
    const keySpace = await openKeySpace(context)
    // Every tenth line is empty, and every line with a 7 at its end repeats the one before.
    const text = (n: number): string => (n % 10 === 0 ? '' : `user_${n % 10 === 7 ? n - 1 : n}`)
    const lines = Array.from({ length: 4000 }, (_, n) => text(n))
    const file = await keySpace.file('wave.txt', `${lines.join('\n')}\n`)
    // In the middle of a batch, and while it waits for room.
    await killWhen(keySpace, 1, file)
    await killWhen(keySpace, 2000, file, '--resume', '--max-backlog', '2000')
    const { code, stdout, stderr } = await keySpace.run('import', file, '--resume', '--json')
    expect(stderr).toContain(`the rejected lines are listed in ${file}.rejected\n`)
    expect(code).toBe(3)
    const manifest = {
      lines: 4000,
      accepted: 3200,
      duplicate: 400,
      strengthened: 0,
      rejected: 400,
      rejectedFile: `${file}.rejected`,
    }
    expect(JSON.parse(stdout)).toEqual(manifest)
    expect(await keySpace.accounts()).toEqual([...new Set(lines.filter(line => line !== ''))].toSorted())
    const rejected = Array.from({ length: 400 }, (_, n) => `${n * 10 + 1}\tthe account is empty\n`).join('')
    expect(await readFile(`${file}.rejected`, 'utf8')).toBe(rejected)
    expect((await readdir(keySpace.folder)).toSorted()).toEqual(['wave.txt', 'wave.txt.rejected'])
  })

  it('leaves no account in its checkpoint', async context => {
    const { file } = await interrupted(context)
    expect(await readFile(`${file}.checkpoint`, 'utf8')).not.toContain('user_')
  })

  it('keeps the due date that a span meant when it was begun', async context => {
    const { keySpace, file } = await interrupted(context, ['--due', '7d'])
    const { code } = await keySpace.run('import', file, '--resume', '--due', '7d')
    expect(code).toBe(0)
    expect(new Set((await keySpace.jobs()).map(job => job['due'])).size).toBe(1)
  })

  it('is not begun anew by mistake, but by decision', async context => {
    const { keySpace, file } = await interrupted(context)
    const { code, stdout, stderr } = await keySpace.run('import', file)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('an import of this file was interrupted after 1,000 lines, or is still running')
    expect(stderr).toContain(`Go on with --resume, or delete ${file}.checkpoint`)
    await rm(`${file}.checkpoint`)
    const anew = await keySpace.run('import', file, '--json')
    expect(JSON.parse(anew.stdout)).toMatchObject({ lines: 1200, accepted: 200, duplicate: 1000 })
  })

  it('is not forgotten when another file takes the place of its file', async context => {
    const { keySpace, file } = await interrupted(context)
    await writeFile(file, users(3))
    const { code, stdout, stderr } = await keySpace.run('import', file)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('has not ended: 200 of its 1,200 lines were never enqueued')
    expect(stderr).toContain(`or delete ${file}.checkpoint to give those lines up`)
    expect(await queued(keySpace)).toBe(1000)
    await rm(`${file}.checkpoint`)
    expect(await keySpace.run('import', file)).toMatchObject({ code: 0 })
  })

  it.for<[string, (keySpace: CommandKeySpace, file: string) => Promise<unknown>, readonly string[], string]>([
    [
      'a file that has grown',
      (_, file) => appendFile(file, 'user_new\n'),
      [],
      'has changed since, it had 10,890 bytes',
    ],
    ['other bytes', (_, file) => writeFile(file, users(1200).replace('9', '8')), [], 'but not the same ones'],
    [
      'an unread line that has changed',
      (_, file) => writeFile(file, users(1200).replace('1199', '1198')),
      [],
      'changed',
    ],
    ['no checkpoint', (_, file) => rm(`${file}.checkpoint`), [], 'there is nothing to resume'],
    [
      'something else there',
      (_, file) => writeFile(`${file}.checkpoint`, '{}'),
      [],
      'this is no checkpoint of an import',
    ],
    ['another request', async () => {}, ['--request', 'ticket-2'], '--request was ticket-1 and is ticket-2'],
    ['another delete type', async () => {}, ['--delete-type', 'single'], '--delete-type was both and is single'],
    ['a due date', async () => {}, ['--due', '2h'], '--due was not given and is 2h'],
    ['a format', async () => {}, ['--format', 'txt'], '--format was not given and is txt'],
    ['a Redis that lost its data', c => c.redis.del(keysOf(c.prefix).fleetId), [], 'this one has lost its data'],
  ])('is not resumed with %s; nothing is enqueued', async ([, change, args, message], context) => {
    const { keySpace, file } = await interrupted(context, ['--request', 'ticket-1'])
    await change(keySpace, file)
    const { code, stdout, stderr } = await keySpace.run('import', file, '--resume', '--request', 'ticket-1', ...args)
    expect(stderr).toContain(message)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(await queued(keySpace)).toBe(1000)
  })

  it('is not resumed by another fleet', async context => {
    const { keySpace, file } = await interrupted(context)
    const other = await openKeySpace(context)
    const { code, stderr } = await other.run('import', file, '--resume')
    expect(code).toBe(1)
    expect(stderr).toContain(`REDIS_PREFIX was "${keySpace.prefix}" and is "${other.prefix}"`)
    expect(await queued(other)).toBe(0)
  })

  it('is not resumed when its list of rejected lines is gone', async context => {
    const { keySpace, file } = await interrupted(context, [], `\n${users(1200)}`)
    await rm(`${file}.rejected`)
    const { code, stderr } = await keySpace.run('import', file, '--resume')
    expect(code).toBe(1)
    expect(stderr).toContain('the interrupted import has listed rejected lines there, and they are gone')
  })

  it.for([
    ['-', '--resume'],
    ['-', '--checkpoint-file', 'here'],
  ])('cannot be one of standard input: %j', async (args, context) => {
    const keySpace = await openKeySpace(context)
    const { code, stderr } = await keySpace.run('import', ...args)
    expect(code).toBe(2)
    expect(stderr).toContain('standard input cannot be read again, so its import cannot be resumed')
  })
})

describe.concurrent('an import that waits for room in the queue', () => {
  it('holds no more jobs than it was told, ends when it is asked to, and tells what it has done', async context => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', `${users(1500)}\n${users(2000).slice(users(1500).length)}`)
    const command = await beginAndWait(keySpace, 1000, file, '--max-backlog', '1700')
    command.interrupt()
    const { code, stdout, stderr } = await command.ended
    expect(code).toBe(75)
    expect(stderr).toContain('interrupted: the lines after these were not enqueued; the same command with --resume')
    expect(JSON.parse(stdout)).toEqual({
      lines: 1000,
      accepted: 1000,
      duplicate: 0,
      strengthened: 0,
      rejected: 0,
      rejectedFile: null,
    })
    expect(await queued(keySpace)).toBe(1000)
    const resumed = await keySpace.run('import', file, '--resume', '--json')
    expect(JSON.parse(resumed.stdout)).toMatchObject({ lines: 2001, accepted: 2000, rejected: 1 })
    expect(await readFile(`${file}.rejected`, 'utf8')).toBe('1501\tthe account is empty\n')
  })

  it('counts a line that repeats one of the file as duplicate, even when the first is settled already', async context => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', `${users(1000)}user_0\nuser_1000\n`)
    const command = await beginAndWait(keySpace, 1000, file, '--max-backlog', '1000')
    const { queue } = keysOf(keySpace.prefix)
    // Settled jobs leave no keys.
    await keySpace.redis.eval(
      "for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do redis.call('DEL', key) end",
      0,
      queue.replaceAll(/[{}]/g, '?'),
    )
    expect(JSON.parse((await command.ended).stdout)).toMatchObject({ lines: 1002, accepted: 1001, duplicate: 1 })
    expect(await keySpace.accounts()).toEqual(['user_1000'])
  })

  it.for(['0', '-1', '2.5', 'many', ''])('refuses a bound of "%s"', async (bound, context) => {
    const keySpace = await openKeySpace(context)
    const { code, stderr } = await keySpace.run(
      'import',
      await keySpace.file('wave.txt', 'user_1'),
      '--max-backlog',
      bound,
    )
    expect(code).toBe(2)
    expect(stderr).toContain('expected a whole number from 1')
  })
})
