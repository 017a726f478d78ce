import { Worker } from 'bullmq'
import { describe, expect, it } from 'vitest'
import { QUEUE_NAME } from '../../../redis/keys.ts'
import { runCommand } from '../../helpers/commands/run-command.ts'
import { TEST_RECEIPT_KEY } from '../../helpers/receipts/settling.ts'
import { type CommandKeySpace, openKeySpace } from './key-space.ts'

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
})
