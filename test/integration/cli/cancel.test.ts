import { Worker } from 'bullmq'
import { describe, expect, it } from 'vitest'
import { QUEUE_NAME } from '../../../redis/keys.ts'
import { runCommand } from '../../helpers/commands/run-command.ts'
import { TEST_RECEIPT_KEY } from '../../helpers/receipts/settling.ts'
import { type CommandKeySpace, openKeySpace } from './key-space.ts'

const cancelGiven = ({ settings }: CommandKeySpace, input: string, ...args: string[]) =>
  runCommand(['cancel', ...args], { ...settings, RECEIPT_KEY: TEST_RECEIPT_KEY }, input)
const cancel = ({ settings }: CommandKeySpace, ...args: string[]) =>
  runCommand(['cancel', ...args], { ...settings, RECEIPT_KEY: TEST_RECEIPT_KEY })

describe.concurrent('clear-friends cancel', () => {
  it('withdraws what waits', async context => {
    const keySpace = await openKeySpace(context)
    await keySpace.run('enqueue', 'user_1', 'user_2')
    expect(await cancel(keySpace, 'user_1')).toEqual({
      code: 0,
      stdout: 'argument 1: cancelled; nothing was sent\n',
      stderr: '',
    })
    expect(await keySpace.accounts()).toEqual(['user_2'])
  })

  it('says of each account why it could not be withdrawn, and fails', async context => {
    const keySpace = await openKeySpace(context)
    const worker = new Worker(QUEUE_NAME, null, { connection: keySpace.redis, prefix: keySpace.prefix, autorun: false })
    await keySpace.run('enqueue', 'user_1')
    await worker.getNextJob('a-test', { block: false })
    await worker.close()
    await keySpace.run('enqueue', 'user_2')
    const { code, stdout } = await cancel(keySpace, 'user_1', 'user_2', 'user_3', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toEqual([
      { argument: 1, result: 'in_flight' },
      { argument: 2, result: 'cancelled' },
      { argument: 3, result: 'not_found' },
    ])
    const words = await cancel(keySpace, 'user_1', 'user_3')
    expect(words.stdout).toContain('argument 1: in flight; a worker has it in hand')
    expect(words.stdout).toContain('argument 2: not in the queue; it was never there, or has ended')
    expect(words.stdout).not.toContain('user_')
  })

  it('refuses what is no account, and needs the key', async context => {
    const keySpace = await openKeySpace(context)
    const refused = await cancel(keySpace, 'user_1', '')
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('argument 2: the account is empty') })
    const keyless = await keySpace.run('cancel', 'user_1')
    expect(keyless).toMatchObject({ code: 78, stderr: expect.stringContaining('RECEIPT_KEY: not set') })
  })

  it('reads accounts from standard input, one a line, exactly as they are, and numbers the lines', async context => {
    const keySpace = await openKeySpace(context)
    await keySpace.run('enqueue', '--', ' user 1 ', 'user_2', '-user')
    const { code, stdout } = await cancelGiven(keySpace, ' user 1 \nuser 1\n\n-user\n', '-')
    expect(code).toBe(1)
    expect(stdout.split('\n')).toEqual([
      'line 1: cancelled; nothing was sent',
      'line 2: not in the queue; it was never there, or has ended',
      'line 3: no account; the account is empty',
      'line 4: cancelled; nothing was sent',
      '',
    ])
    expect(await keySpace.accounts()).toEqual(['user_2'])
    const json = await cancelGiven(keySpace, 'user_2\n', '-', '--json')
    expect({ code: json.code, sums: JSON.parse(json.stdout) }).toEqual({
      code: 0,
      sums: [{ line: 1, result: 'cancelled' }],
    })
    expect((await cancelGiven(keySpace, '', '-', '--json')).stdout).toBe('[]\n')
  })

  it('withdraws a whole request', async context => {
    const keySpace = await openKeySpace(context)
    await keySpace.run('enqueue', 'user_1', 'user_2', '--request', 'ticket-1')
    await keySpace.run('enqueue', 'user_2', 'user_3', '--request', 'ticket-2')
    const { code, stdout } = await cancel(keySpace, '--request', 'ticket-1')
    expect(code).toBe(0)
    expect(stdout).toContain('withdrawn 2, of these 0 dead letters\n1 of them stay in the queue')
    expect(await keySpace.accounts()).toEqual(['user_2', 'user_3'])
  })

  it.each([[[]], [['-', 'user_1']], [['user_1', '--request', 'ticket-1']]])('refuses %j as wrong usage', async args => {
    const { code, stdout } = await runCommand(['cancel', ...args])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})
