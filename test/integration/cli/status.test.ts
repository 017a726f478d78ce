import { describe, expect, it } from 'vitest'
import { createProducer } from '../../../jobs/enqueue/producer.ts'
import { openQueue } from '../../../jobs/job/queue.ts'
import { keysOf } from '../../../redis/keys.ts'
import { beginCommand } from '../../helpers/commands/run-command.ts'
import { startCommand } from '../../helpers/processes/start-command.ts'
import { testSettle } from '../../helpers/receipts/settling.ts'
import { type CommandKeySpace, openKeySpace } from './key-space.ts'

/** Enqueues accounts and gives the id of the first one's job. */
async function enqueue({ redis, prefix }: CommandKeySpace, count: number): Promise<string> {
  const producer = createProducer({ redis, prefix })
  const { jobId } = await producer.enqueue('user_0')
  await producer.enqueueMany(Array.from({ length: count }, (_, n) => `user_${n}`))
  await producer.close()
  return jobId
}

/** Gives the names of all fields, with those of the fields in them. */
const shape = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shape(each)]))
    : typeof value

describe.concurrent('clear-friends status', () => {
  it('--json prints exactly the fields that programs rely on', async context => {
    const keySpace = await openKeySpace(context)
    await testSettle(keySpace.redis, keySpace.prefix)(await enqueue(keySpace, 1200), 'cleared')
    const { code, stdout, stderr } = await keySpace.run('status', '--json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const status: unknown = JSON.parse(stdout)
    expect(shape(status)).toEqual({
      queue: { waiting: 'number', active: 'number', delayed: 'number', failed: 'number' },
      halted: 'object',
      paused: 'boolean',
      pause: 'object',
      workers: 'number',
      aside: {},
      resumed: 'object',
      rate: { limit: 'number', allowed: 'number', lastSecond: 'number' },
      oldestPendingSeconds: 'number',
      etaSeconds: 'number',
      dueAtRisk: 'number',
      outcomes: { cleared: 'number', not_imported: 'number', dead_lettered: 'number', cancelled: 'number' },
      unproved: 'number',
    })
    expect(status).toMatchObject({
      queue: { waiting: 1200, active: 0 },
      halted: null,
      paused: false,
      rate: { limit: 200, allowed: 200, lastSecond: 0 },
      etaSeconds: 7,
      dueAtRisk: 0,
      outcomes: { cleared: 1 },
    })
  })

  it('tells a halt with code, reason and time', async context => {
    const keySpace = await openKeySpace(context)
    const queue = await openQueue(keySpace.redis, keySpace.prefix)
    const halt = { code: '70001', reason: 'the signature is refused', host: 'host-1', sinceMs: 1_800_000_000_000 }
    await keySpace.redis.hset(keysOf(keySpace.prefix).fleet, 'halt', JSON.stringify(halt))
    await queue.close()
    expect(JSON.parse((await keySpace.run('status', '--json')).stdout)).toMatchObject({
      halted: { code: '70001', reason: 'the signature is refused', since: '2027-01-15T08:00:00.000Z', host: 'host-1' },
      paused: false,
    })
    expect((await keySpace.run('status')).stdout.split('\n')[0]).toBe(
      'HALTED    since 2027-01-15T08:00:00.000Z by host-1, code 70001: the signature is refused',
    )
  })

  it('puts it into words for people', async context => {
    const keySpace = await openKeySpace(context)
    expect((await keySpace.run('status')).stdout).toContain('oldest    nothing is pending\n')
    await enqueue(keySpace, 1200)
    const { code, stdout, stderr } = await keySpace.run('status')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.replace(/^oldest {4}\d+ s$/m, 'oldest    a moment')).toBe(
      [
        'queue     1,200 waiting, 0 active, 0 delayed, 0 dead letters',
        'in hand   0 jobs, by 0 workers',
        'rate      0 calls in the last second; 200 allowed, 200 is the ceiling',
        'oldest    a moment',
        'empty in  7 s',
        'due       all in time',
        'so far    0 cleared, 0 not imported, 0 dead-lettered, 0 cancelled',
        '',
      ].join('\n'),
    )
  })
})

describe.concurrent('clear-friends status --watch', () => {
  it('goes on until it is asked to end, which is no failure', async context => {
    const keySpace = await openKeySpace(context)
    const command = beginCommand(['status', '--watch', '--json'], keySpace.settings)
    const lines = await command.stdout.until(printed => (printed.length >= 2 ? printed : undefined))
    command.interrupt()
    const { code, stderr } = await command.ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ queue: { waiting: 0 } })
  })

  it('as a process ends without a word when nobody reads it any more', async context => {
    const keySpace = await openKeySpace(context)
    const command = startCommand(['status', '--watch'], keySpace.settings)
    await command.stdout.until(printed => printed[0])
    command.stopReading()
    expect(await command.ended).toMatchObject({ code: 0, stderr: '' })
  })
})

describe.concurrent('clear-friends status --request', () => {
  it('tells what became of the accounts of the request, and adds up', async context => {
    const { redis, prefix, run } = await openKeySpace(context)
    await run('enqueue', 'user_1', 'user_2', 'user_3', '--request', 'ticket-12')
    const producer = createProducer({ redis, prefix })
    const { jobId } = await producer.enqueue('user_1')
    await producer.close()
    await testSettle(redis, prefix)(jobId, 'cleared', { requests: ['ticket-12'] })
    const json = await run('status', '--request', 'ticket-12', '--json')
    expect(JSON.parse(json.stdout)).toMatchObject({
      ...{ request: 'ticket-12', accepted: 3, cleared: 1, verified: 1, notImported: 0, dead: 0, cancelled: 0 },
      ...{ pending: 2, etaSeconds: 1 },
    })
    const { code, stdout } = await run('status', '--request', 'ticket-12')
    expect(code).toBe(0)
    expect(stdout).toContain(
      'accepted  3 = 1 cleared + 0 not imported + 0 dead letters + 0 cancelled + 2 pending\nverified  1 of the cleared',
    )
  })

  it('says that it does not know the request', async context => {
    const { run } = await openKeySpace(context)
    const { code, stdout, stderr } = await run('status', '--request', 'ticket-99')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('there is no request "ticket-99": no account was enqueued under it')
  })
})
