import { existsSync } from 'node:fs'
import { appendFile, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { keysOf } from '../../../redis/keys.ts'
import { type BegunCommand, beginCommand, lastLine } from '../../helpers/commands/run-command.ts'
import { eventually } from '../../helpers/eventually.ts'
import { startCommand } from '../../helpers/processes/start-command.ts'
import { type CommandKeySpace, openKeySpace } from './key-space.ts'

const users = (count: number): string => Array.from({ length: count }, (_, n) => `user_${n}\n`).join('')

const queued = ({ redis, prefix }: CommandKeySpace): Promise<number> =>
  redis.zcard(`${keysOf(prefix).queue}prioritized`)

const untilQueued = (keySpace: CommandKeySpace, jobs: number): Promise<void> =>
  eventually(`${jobs} jobs`, async () => (await queued(keySpace)) >= jobs)

/** Begins an import that cannot come to its end, and waits until it has enqueued this many accounts. */
async function beginAndWait(
  keySpace: CommandKeySpace,
  jobs: number,
  ...args: readonly string[]
): Promise<BegunCommand> {
  const command = beginCommand(['import', '--json', ...args], keySpace.settings)
  await untilQueued(keySpace, jobs)
  return command
}

async function killWhen(keySpace: CommandKeySpace, jobs: number, ...args: readonly string[]): Promise<void> {
  const command = startCommand(['import', '--json', ...args], keySpace.settings)
  await untilQueued(keySpace, jobs)
  command.signal('SIGKILL')
  await command.ended
}

/** Stops an import when it has enqueued 1,000 accounts and waits for room. */
async function interrupt(keySpace: CommandKeySpace, file: string, ...args: readonly string[]): Promise<void> {
  const command = await beginAndWait(keySpace, 1000, file, '--max-backlog', '1000', ...args)
  command.interrupt()
  expect(await command.ended).toMatchObject({ code: 1, stdout: expect.stringContaining('"accepted":1000') })
}

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
    expect(lastLine(stderr)).toBe(`the rejected lines are listed in ${file}.rejected`)
    expect(code).toBe(0)
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

  it('gives way to the import of a file that has changed', async context => {
    const { keySpace, file } = await interrupted(context)
    await appendFile(file, 'user_new\n')
    const { code, stdout } = await keySpace.run('import', file, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ lines: 1201, accepted: 201, duplicate: 1000 })
    expect(await readdir(keySpace.folder)).toEqual(['wave.txt'])
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
    ['another format', async () => {}, ['--format', 'ndjson'], '--format was txt and is ndjson'],
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
    expect(code).toBe(1)
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

describe.concurrent('an import that cannot write', () => {
  it.for([
    [['--rejected-file', 'wave.txt'], 'the input and the list of rejected lines would be one file'],
    [['--rejected-file', 'link.txt'], 'the input and the list of rejected lines would be one file'],
    [['--checkpoint-file', './wave.txt'], 'the input and the checkpoint would be one file'],
    [
      ['--rejected-file', 'new', '--checkpoint-file', './new'],
      'the checkpoint and the list of rejected lines would be',
    ],
  ] as const)('to a file of its own, with %j, says so and harms none', async ([args, message], context) => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', users(10))
    await symlink(file, join(keySpace.folder, 'link.txt'))
    const places = args.map(arg => (arg.startsWith('--') ? arg : join(keySpace.folder, arg)))
    const { code, stdout, stderr } = await keySpace.run('import', file, ...places)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(message)
    expect(await readFile(file, 'utf8')).toBe(users(10))
    expect(await queued(keySpace)).toBe(0)
  })

  it.for([
    ['--checkpoint-file', 'the checkpoint cannot be written ('],
    ['--rejected-file', 'the list of rejected lines cannot be written ('],
  ] as const)('to the place of its %s says so before anything is enqueued', async ([option, message], context) => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', users(10))
    // A folder in which no user may make files, not even root.
    const { code, stdout, stderr } = await keySpace.run('import', file, option, '/proc/no/wave')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`/proc/no/wave: ${message}`)
    expect(stderr).toContain(`name another place with ${option}`)
    expect(await queued(keySpace)).toBe(0)
  })

  it('its checkpoint because the disk is full says so before anything is enqueued', async context => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', users(10))
    await symlink('/dev/full', `${file}.checkpoint.next`)
    const { code, stderr } = await keySpace.run('import', file)
    expect(code).toBe(1)
    expect(stderr).toContain('the checkpoint cannot be written (the disk is full, ENOSPC)')
    expect(await queued(keySpace)).toBe(0)
    expect(existsSync(`${file}.checkpoint`)).toBe(false)
  })

  it('its rejected lines because the disk is full stops, and goes on when there is room', async context => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', `${users(1200)}\n${users(1300).slice(users(1200).length)}`)
    await symlink('/dev/full', `${file}.rejected`)
    const { code, stdout, stderr } = await keySpace.run('import', file)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('the list of rejected lines cannot be written (the disk is full, ENOSPC)')
    expect(stderr).toContain('the same command with --resume goes on from here')
    await rm(`${file}.rejected`)
    const resumed = await keySpace.run('import', file, '--resume', '--json')
    expect(JSON.parse(resumed.stdout)).toMatchObject({
      lines: 1301,
      accepted: 1300,
      duplicate: 0,
      strengthened: 0,
      rejected: 1,
    })
    expect(await readFile(`${file}.rejected`, 'utf8')).toBe('1201\tthe account is empty\n')
  })

  it('beside its file is given other places', async context => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', `${users(1200)}\n`)
    const checkpoint = join(keySpace.folder, 'here')
    const places = ['--checkpoint-file', checkpoint, '--rejected-file', join(keySpace.folder, 'there')]
    await interrupt(keySpace, file, ...places)
    expect((await readdir(keySpace.folder)).toSorted()).toEqual(['here', 'wave.txt'])
    const { code } = await keySpace.run('import', file, '--resume', ...places)
    expect(code).toBe(0)
    expect((await readdir(keySpace.folder)).toSorted()).toEqual(['there', 'wave.txt'])
  })
})
