import { readdir } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { beginCommand, runCommand } from '../../helpers/commands/run-command.ts'
import { queued, users } from './import-runs.ts'
import { type CommandKeySpace, openKeySpace } from './key-space.ts'

describe.concurrent('clear-friends import --dry-run', () => {
  it('counts, masks and forecasts, and enqueues nothing and writes nothing', async context => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', `${users(2000)}user_7\n\n\n`)
    const { code, stdout, stderr } = await keySpace.run('import', file, '--dry-run')
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^txt.*, 2,003 lines\n$/) })
    expect(stdout).toBe(
      'nothing was enqueued\n' +
        '2,003 lines = 2,000 accounts + 1 repeated + 2 rejected\n' +
        '  2 lines, the first is 2,002: the account is empty\n' +
        'the first accounts: u… (6 characters), u… (6 characters), u… (6 characters)\n' +
        'clearing them takes about 11 s at 198 a second, the rate of the fleet\n',
    )
    expect(await queued(keySpace)).toBe(0)
    expect(await readdir(keySpace.folder)).toEqual(['wave.txt'])
  })

  it('says which accounts have white space at an end, and takes them as they are', async context => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.csv', 'account,x\nuser_1,1\n user_2,2\nuser_3\u00a0,3\n')
    const { code, stderr } = await keySpace.run('import', file)
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining('\nlook at 2 accounts, the first in line 3: white space at an end counts'),
    })
    expect(await queued(keySpace)).toBe(3)
  })

  it('works without Redis, at the rate of the settings, and for programs', async context => {
    const { file } = await openKeySpace(context)
    const path = await file('wave.ndjson', '"user_1"\n42\n')
    const settings = { REDIS_URL: 'redis://127.0.0.1:1', RATE_LIMIT_PER_SECOND: '100', RATE_LIMIT_MARGIN: '0' }
    const { code, stdout } = await runCommand(['import', path, '--dry-run', '--json'], settings)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      dryRun: true,
      ...{ lines: 2, accounts: 1, repeated: 0, rejected: 1, seconds: 1 },
      rejectedFor: [{ reason: 'the line is neither a string nor an object', lines: 1, firstLine: 2 }],
      masked: ['u… (6 characters)'],
    })
  })
})

describe.concurrent('clear-friends import --max-rejected', () => {
  it.for([
    [1001, 1, [], 0],
    [998, 1, [], 3],
    [0, 2, [], 3],
    [8, 2, ['--max-rejected', '2'], 0],
    [8, 2, ['--max-rejected', '1'], 3],
    [8, 2, ['--max-rejected', '20%'], 0],
    [8, 2, ['--max-rejected', '19.9%'], 3],
    [8, 0, ['--max-rejected', '0'], 0],
  ] as const)('of %d accounts and %d empty lines with %j ends with %j', async ([good, bad, args, code], context) => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', users(good) + '\n'.repeat(bad))
    const result = await keySpace.run('import', file, ...args)
    expect(result.code).toBe(code)
    if (code === 0) expect(result.stderr).not.toContain('too many')
    else
      expect(result.stderr).toContain(
        `the rejected lines are listed in ${file}.rejected\ntoo many lines are rejected: `,
      )
    expect(await queued(keySpace)).toBe(good)
  })

  it.for(['-1', 'some', '101%', '1.5', ''])('refuses "%s"', async (bound, context) => {
    const keySpace = await openKeySpace(context)
    const file = await keySpace.file('wave.txt', 'user_1\n')
    const { code, stderr } = await keySpace.run('import', file, '--max-rejected', bound)
    expect(code).toBe(2)
    expect(stderr).toContain('expected a number of lines such as 20, or a share such as 0.5%')
  })
})

describe.concurrent('on a terminal', () => {
  const begin = (keySpace: CommandKeySpace, file: string, ...args: readonly string[]) => {
    const terminal = { isTTY: true, columns: 60 }
    return beginCommand(['import', file, ...args], keySpace.settings, terminal)
  }

  it.for([
    ['y', 0, 1001],
    ['n', 1, 0],
    ['', 1, 0],
  ] as const)('the answer "%s" decides on more than 1,000 accounts', async ([answer, code, jobs], context) => {
    const keySpace = await openKeySpace(context)
    const command = begin(keySpace, await keySpace.file('wave.txt', users(1001)))
    await command.stderr.untilText('Enqueue 1,001 accounts? [y/N] ')
    command.stdin.write(`${answer}\n`)
    expect((await command.ended).code).toBe(code)
    expect(await queued(keySpace)).toBe(jobs)
  })

  it('nobody is asked about fewer accounts, with --yes, or about standard input', async context => {
    const keySpace = await openKeySpace(context)
    const few = await keySpace.file('few.txt', users(1000))
    const many = await keySpace.file('many.txt', users(1001))
    const input = begin(keySpace, '-')
    input.stdin.end(users(1002))
    for (const command of [begin(keySpace, few), begin(keySpace, many, '--yes'), input]) {
      const { code, stderr } = await command.ended
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('Enqueue') })
    }
  })

  it('a signal at the question enqueues nothing', async context => {
    const keySpace = await openKeySpace(context)
    const command = begin(keySpace, await keySpace.file('wave.txt', users(1001)))
    await command.stderr.untilText('[y/N]')
    command.interrupt()
    expect((await command.ended).code).toBe(75)
    expect(await queued(keySpace)).toBe(0)
  })
})
