import { describe, expect, it } from 'vitest'
import { openQueue } from '../../../jobs/job/queue.ts'
import { startPrivateRedis } from '../../../private-redis/private-redis.ts'
import { keysOf } from '../../../redis/keys.ts'
import { beginCommand, lastLine, runCommand } from '../../helpers/commands/run-command.ts'
import { testSettle } from '../../helpers/receipts/settling.ts'
import { type CommandKeySpace, openKeySpace } from './key-space.ts'

/** Enqueues an account under `ticket-1`, and gives its job's id. */
async function enqueue({ run, redis, prefix }: CommandKeySpace, account: string): Promise<string> {
  await run('enqueue', account, '--request', 'ticket-1')
  const queue = await openQueue(redis, prefix)
  const job = (await queue.getPrioritized()).find(({ data }) => data.account === account)
  await queue.close()
  return job?.id ?? ''
}

describe.concurrent('clear-friends wait', () => {
  it('shows a bar on a terminal, ends with the request, and needs no key of the vendor', async context => {
    const keySpace = await openKeySpace(context)
    const settle = testSettle(keySpace.redis, keySpace.prefix)
    const first = await enqueue(keySpace, 'user_1')
    const last = await enqueue(keySpace, 'user_2')
    await settle(first, 'cleared', { requests: ['ticket-1'] })
    const waiting = beginCommand(['wait', '--request', 'ticket-1', '--json'], keySpace.settings, {
      isTTY: true,
      columns: 80,
    })
    await waiting.stderr.untilText('50 %: 1 of 2 accounts')
    await settle(last, 'not_imported', { requests: ['ticket-1'] })
    const { code, stdout } = await waiting.ended
    expect(code).toBe(0)
    expect(JSON.parse(lastLine(stdout))).toMatchObject({ accepted: 2, cleared: 1, notImported: 1, pending: 0 })
  })

  it.for([
    ['a dead letter', 'dead_lettered', 'skipped'],
    ['an unproved clear', 'cleared', 'no'],
  ] as const)('ends with 3 for %s', async ([, outcome, verified], context) => {
    const keySpace = await openKeySpace(context)
    const id = await enqueue(keySpace, 'user_1')
    await testSettle(keySpace.redis, keySpace.prefix)(id, outcome, { verified, requests: ['ticket-1'] })
    const { code, stderr } = await keySpace.run('wait', '--request', 'ticket-1')
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('1 account of the request need') })
  })

  it('ends with 75 at the timeout, at a signal, and at once for a halt that only a person can end', async context => {
    const keySpace = await openKeySpace(context)
    await enqueue(keySpace, 'user_1')
    const { code, stdout, stderr } = await keySpace.run('wait', '--request', 'ticket-1', '--timeout', '1s')
    expect({ code, stderr }).toEqual({ code: 75, stderr: 'stopped waiting: not done after 1 s\n' })
    expect(stdout).toContain('+ 1 pending')
    const interrupted = beginCommand(['wait', '--request', 'ticket-1'], keySpace.settings)
    interrupted.interrupt()
    expect(await interrupted.ended).toMatchObject({ code: 75, stderr: 'stopped waiting: interrupted\n' })
    const halt = { code: 'too_many_missing', reason: 'a made-up reason', host: 'host-1', sinceMs: 1 }
    await keySpace.redis.hset(keysOf(keySpace.prefix).fleet, 'halt', JSON.stringify(halt))
    expect(await keySpace.run('wait', '--request', 'ticket-1')).toMatchObject({
      code: 75,
      stderr: 'stopped waiting: the fleet is halted, code too_many_missing: a made-up reason\n',
    })
  })

  it('hears a signal while Redis is away, and does not wait until it gives Redis up', async context => {
    const redis = await startPrivateRedis()
    context.onTestFinished(() => redis.stop())
    const settings = { REDIS_URL: redis.url, PATH: process.env['PATH'] ?? '' }
    await runCommand(['enqueue', 'user_1', '--request', 'ticket-1'], settings)
    const waiting = beginCommand(['wait', '--request', 'ticket-1'], settings, { isTTY: true, columns: 80 })
    await waiting.stderr.untilText('0 of 1 account')
    await redis.kill()
    const interruptedAt = performance.now()
    waiting.interrupt()
    expect(await waiting.ended).toMatchObject({ code: 75, stderr: expect.stringContaining('interrupted') })
    expect(performance.now() - interruptedAt).toBeLessThan(30_000)
  })

  it('refuses a request that nobody enqueued for, and a timeout that is no span', async context => {
    const keySpace = await openKeySpace(context)
    expect(await keySpace.run('wait', '--request', 'ticket-1')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no request "ticket-1"'),
    })
    expect((await keySpace.run('wait', '--request', 'ticket-1', '--timeout', 'soon')).code).toBe(2)
  })
})
