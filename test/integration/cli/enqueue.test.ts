import { describe, expect, it } from 'vitest'
import { runCommand } from '../../helpers/commands/run-command.ts'
import { openKeySpace } from './key-space.ts'

describe.concurrent('clear-friends enqueue', () => {
  it('enqueues the accounts that it is given, and prints the sums alone', async context => {
    const keySpace = await openKeySpace(context)
    const result = await keySpace.run('enqueue', 'user_1', ' user 2 ', 'user_1', '用户')
    expect(result).toEqual({ code: 0, stdout: 'accepted 3, duplicate 1\n', stderr: '' })
    expect(await keySpace.accounts()).toEqual([' user 2 ', 'user_1', '用户'])
  })

  it('passes its options on', async context => {
    const keySpace = await openKeySpace(context)
    const options = ['--delete-type', 'single', '--due', '2030-01-01', '--request', 'ticket-12', '--json']
    const { code, stdout } = await keySpace.run('enqueue', ...options, '--', '-user')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ accounts: 1, accepted: 1, duplicate: 0, strengthened: 0, rejected: 0 })
    const due = Date.UTC(2030, 0, 1) / 1000
    expect(await keySpace.jobs()).toEqual([{ v: 1, account: '-user', type: 'single', request: 'ticket-12', due }])
  })

  it('takes the due date from DUE_DAYS', async context => {
    const keySpace = await openKeySpace(context)
    const before = Math.floor(Date.now() / 1000)
    expect((await runCommand(['enqueue', 'user_1'], { ...keySpace.settings, DUE_DAYS: '2' })).code).toBe(0)
    const due = (await keySpace.jobs())[0]?.['due']
    expect(due).toBeGreaterThanOrEqual(before + 172_800)
    expect(due).toBeLessThanOrEqual(Date.now() / 1000 + 172_800)
  })

  it('refuses an account in which a letter was lost', async context => {
    const keySpace = await openKeySpace(context)
    const { code, stderr } = await keySpace.run('enqueue', 'M\uFFFDller')
    expect(code).toBe(2)
    expect(stderr).toContain('argument 1: the account holds U+FFFD, which stands for a letter that was lost')
  })

  it('enqueues nothing when one of the accounts does not fit, and does not repeat any', async context => {
    const keySpace = await openKeySpace(context)
    expect(await keySpace.run('enqueue', 'user_good', 'user_bad\n')).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'error: argument 2: the account holds a character that is not printable\n(--help shows what is possible)\n',
    })
    expect(await keySpace.jobs()).toEqual([])
  })

  it.for([
    ['--due', '1960-01-01'],
    ['--due', '2026-02-30'],
    ['--request', ''],
    ['--request', 'r'.repeat(65)],
  ] as const)('refuses %s %s as wrong usage', async ([option, value], context) => {
    const keySpace = await openKeySpace(context)
    const { code, stdout, stderr } = await keySpace.run('enqueue', 'user_secret', option, value)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`error: option '${option} `)
    expect(stderr).not.toContain('user_secret')
    expect(await keySpace.jobs()).toEqual([])
  })

  it('reads accounts from standard input, one a line, exactly as they are, and names lines that hold none', async context => {
    const keySpace = await openKeySpace(context)
    const run = (input: string) => runCommand(['enqueue', '-'], keySpace.settings, input)
    expect(await run(' user 1 \n-user\nuser_1\n')).toEqual({ code: 0, stdout: 'accepted 3, duplicate 0\n', stderr: '' })
    expect(await keySpace.accounts()).toEqual([' user 1 ', '-user', 'user_1'])
    expect(await run('user_2\n\nuser\t3\nuser_half')).toEqual({
      code: 1,
      stdout: 'accepted 1, duplicate 0, rejected 3\n',
      stderr:
        'line 2: the account is empty\nline 3: the account holds a character that is not printable\n' +
        'line 4: the last line does not end with a line break, so it may be cut off; add one\n',
    })
  })

  it('says that a duplicate has strengthened the job that is there', async context => {
    const keySpace = await openKeySpace(context)
    await keySpace.run('enqueue', 'user_1', '--delete-type', 'single', '--due', '300d')
    const { code, stdout, stderr } = await keySpace.run('enqueue', 'user_1', '--due', '2h')
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'accepted 0, duplicate 1\n' })
    expect(stderr).toContain('1 of the duplicates strengthened the job that is there')
  })

  it('refuses a request id that is one of the accounts, and does not quote it', async context => {
    const keySpace = await openKeySpace(context)
    const { code, stderr } = await keySpace.run('enqueue', 'user_1', 'user_2', '--request', 'user_2')
    expect(code).toBe(2)
    expect(stderr).not.toContain('user_2')
    const given = await runCommand(['enqueue', '-', '--request', 'user_2'], keySpace.settings, 'user_2\n')
    expect(given).toMatchObject({ code: 1, stdout: '' })
    expect(given.stderr).not.toContain('user_2')
    expect(await keySpace.jobs()).toEqual([])
  })
})
