import { Queue } from 'bullmq'
import { describe, expect, it } from 'vitest'
import { keysOf, QUEUE_NAME } from '../../../redis/keys.ts'
import { type CommandKeySpace, openKeySpace } from './key-space.ts'

const ATTACK = '\x1b]0;owned\x07\x1b[2J\u202e\u2028\x9b1m\nHALTED'

/** Puts a dead letter there that says what a writer to Redis wants it to say. */
async function plantDeadLetter({ redis, prefix }: CommandKeySpace): Promise<void> {
  const { queue } = keysOf(prefix)
  const fields = { data: '{}', settled: 'dead_lettered', code: ATTACK, why: ATTACK, timestamp: 1, finishedOn: 2 }
  await redis.hset(`${queue}${ATTACK}`, fields)
  await redis.zadd(`${queue}failed`, 2, ATTACK)
}

describe.concurrent('what a writer to Redis put there reaches no terminal as it is', () => {
  it.for([
    ['failed', 'list'],
    ['failed', 'list', '--json'],
    ['failed', 'show', ATTACK],
    ['failed', 'show', ATTACK, '--reveal'],
    ['failed', 'replay', `${ATTACK} of another`],
    ['failed', 'log'],
    ['status'],
    ['status', '--json'],
    ['status', '--request', ATTACK],
    ['rate', ATTACK],
    [ATTACK],
    ['status', `--${ATTACK}`],
  ])('by %j', async (args, context) => {
    const keySpace = await openKeySpace(context)
    const { redis, prefix } = keySpace
    const queue = new Queue(QUEUE_NAME, { connection: redis, prefix })
    await queue.pause()
    await queue.close()
    await plantDeadLetter(keySpace)
    await redis.hset(keysOf(prefix).fleet, 'pause', JSON.stringify({ reason: ATTACK, sinceMs: 1 }))
    await redis.xadd(keysOf(prefix).operatorActions, '*', 'action', 'replay', 'jobs', 1, 'chosen', ATTACK)
    const { stdout, stderr } = await keySpace.run(...args)
    const lines = (stdout + stderr).split('\n')
    expect(lines.filter(line => /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u.test(line))).toEqual([])
    expect(stdout + stderr).not.toBe('')
  })

  it('and a file of dead letters gets it unchanged', async context => {
    const keySpace = await openKeySpace(context)
    await plantDeadLetter(keySpace)
    const { stdout } = await keySpace.run('failed', 'export')
    expect(JSON.parse(stdout)).toMatchObject({ code: ATTACK, why: ATTACK })
    expect(stdout).toContain('\u202e')
  })
})
