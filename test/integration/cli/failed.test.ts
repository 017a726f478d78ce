import { Worker } from 'bullmq'
import { describe, expect, it } from 'vitest'
import { createProducer } from '../../../jobs/enqueue/producer.ts'
import { QUEUE_NAME } from '../../../redis/keys.ts'
import { testSettle } from '../../helpers/receipts/settling.ts'
import { type CommandKeySpace, openKeySpace } from './key-space.ts'

/** Makes dead letters of accounts as workers do, and gives the ids of their jobs. */
async function giveUp(
  { redis, prefix }: CommandKeySpace,
  accounts: readonly string[],
  code: string,
): Promise<string[]> {
  const producer = createProducer({ redis, prefix })
  const worker = new Worker(QUEUE_NAME, null, { connection: redis, prefix, autorun: false })
  const settle = testSettle(redis, prefix)
  const jobIds: string[] = []
  for (const account of accounts) {
    const { jobId } = await producer.enqueue(account, { request: 'ticket-12' })
    const job = await worker.getNextJob('a-test', { block: false })
    await settle(jobId, 'dead_lettered', { account, requests: ['ticket-12'], code, why: 'the vendor says no' })
    await job?.moveToFailed(Object.assign(new Error(code), { stack: '' }), 'a-test')
    jobIds.push(jobId)
  }
  await worker.close()
  await producer.close()
  return jobIds
}

describe.concurrent('clear-friends failed', () => {
  it('lists and shows dead letters without user ids, unless they are asked for', async context => {
    const keySpace = await openKeySpace(context)
    const [jobId = ''] = await giveUp(keySpace, ['user_4711'], '30001')
    const listed = await keySpace.run('failed', 'list')
    expect(listed.code).toBe(0)
    expect(listed.stdout).toMatch(new RegExp(`^${jobId}  \\S+Z  30001  the vendor says no\n$`))
    const json = await keySpace.run('failed', 'list', '--code', '30001', '--json')
    expect(JSON.parse(json.stdout)).toMatchObject([{ jobId, code: '30001', request: 'ticket-12' }])
    const shown = await keySpace.run('failed', 'show', jobId)
    expect(shown.stdout).toContain('request   ticket-12')
    for (const { stdout } of [listed, json, shown]) expect(stdout).not.toContain('user_4711')
    expect((await keySpace.run('failed', 'show', jobId, '--reveal')).stdout).toContain('account   user_4711')
  })

  it('exports them, with user ids only where they are asked for', async context => {
    const keySpace = await openKeySpace(context)
    await giveUp(keySpace, ['user_1', 'user_2'], '30001')
    const plain = await keySpace.run('failed', 'export')
    expect(plain).toMatchObject({ code: 0, stderr: '2 dead letters\n' })
    expect(plain.stdout).not.toContain('user_')
    const { stdout } = await keySpace.run('failed', 'export', '--reveal')
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line).account),
    ).toEqual(['user_1', 'user_2'])
  })

  it('replays those of a code, once, after a dry run, and logs it', async context => {
    const keySpace = await openKeySpace(context)
    await giveUp(keySpace, ['user_1', 'user_2'], '30001')
    await giveUp(keySpace, ['user_3'], '38000')
    const dry = await keySpace.run('failed', 'replay', '--code', '30001', '--dry-run')
    expect(dry).toMatchObject({ code: 0, stdout: '2 dead letters would be replayed\n' })
    expect(await keySpace.accounts()).toEqual([])
    const replayed = await keySpace.run('failed', 'replay', '--code', '30001')
    expect(replayed).toMatchObject({ code: 0, stdout: '2 dead letters were replayed\n' })
    expect(await keySpace.accounts()).toEqual(['user_1', 'user_2'])
    const again = await keySpace.run('failed', 'replay', '--code', '30001')
    expect(again).toMatchObject({ code: 0, stdout: '0 dead letters were replayed\n' })
    expect((await keySpace.run('failed', 'log')).stdout).toMatch(/^\S+Z {2}replay {2}2 {2}--code 30001\n$/)
    const status = await keySpace.run('status', '--request', 'ticket-12', '--json')
    expect(JSON.parse(status.stdout)).toMatchObject({ accepted: 3, dead: 1, pending: 2 })
  })

  it('discards those that are named', async context => {
    const keySpace = await openKeySpace(context)
    const [jobId = ''] = await giveUp(keySpace, ['user_1', 'user_2'], '30001')
    const discarded = await keySpace.run('failed', 'discard', jobId, '--json')
    expect(JSON.parse(discarded.stdout)).toEqual({ discarded: 1 })
    expect(JSON.parse((await keySpace.run('failed', 'list', '--json')).stdout)).toHaveLength(1)
  })

  it('refuses to replay what waits, runs or is not there, and says which', async context => {
    const keySpace = await openKeySpace(context)
    await keySpace.run('enqueue', 'user_1')
    const producer = createProducer({ redis: keySpace.redis, prefix: keySpace.prefix })
    const { jobId } = await producer.enqueue('user_1')
    await producer.close()
    const { code, stdout, stderr } = await keySpace.run('failed', 'replay', jobId, 'made-up')
    expect(code).toBe(1)
    expect(stdout).toContain('0 dead letters were replayed')
    expect(stderr).toContain(`${jobId}: it is no dead letter: it waits in the queue or is in hand`)
    expect(stderr).toMatch(/^foreign-\S{11}: there is no such dead letter/m)
    const shown = await keySpace.run('failed', 'show', jobId)
    expect(shown).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no such dead letter') })
  })

  it.for([
    [['replay'], 'name job ids, a filter (--code, --since, --request), or --all'],
    [['discard'], 'name job ids, a filter (--code, --since, --request), or --all'],
    [['replay', 'some-id', '--all'], 'job ids go with no filter and not with --all'],
    [['list', '--limit', '0'], 'Expected a whole number from 1'],
    [['list', '--since', 'soon'], '"soon" is no time'],
  ] as const)('refuses %j', async ([args, message], context) => {
    const { code, stdout, stderr } = await (await openKeySpace(context)).run('failed', ...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })
})
