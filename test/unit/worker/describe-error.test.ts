import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { RedisUnavailableError } from '../../../redis/redis-errors.ts'
import { describeError } from '../../../worker/observe/describe-error.ts'

const ID = 'user_4711'
const refusal = (message: string): Error =>
  Object.assign(new Error(message), { name: 'ReplyError', command: { args: [ID] } })

describe('an error in the log', () => {
  it.each([
    ['of a parser', () => JSON.parse(ID)],
    ['of a URL', () => new URL(`redis://u:${ID}@h:x`)],
    ['of BullMQ', () => Promise.reject(Object.assign(new Error(`Missing lock for job ${ID}`), { code: -2 }))],
    [
      'of a command that Redis does not know',
      () => Promise.reject(refusal(`ERR unknown command 'x', with args beginning with: '${ID}'`)),
    ],
    [
      'of a closed connection',
      () => new Redis({ lazyConnect: true, enableOfflineQueue: false }).on('error', () => {}).get(ID),
    ],
    ['that is no error', () => Promise.reject(ID)],
  ])('%s quotes no user id', async (_, fail) => {
    const error = await (async () => fail())().catch((reason: unknown) => reason)
    expect(JSON.stringify(describeError(error, true))).not.toContain(ID)
  })

  it('of our own says what happened', () => {
    const error = new RedisUnavailableError('Redis cannot be used (no answer).')
    expect(describeError(error)).toEqual({
      type: 'RedisUnavailableError',
      code: 'REDIS_UNAVAILABLE',
      message: 'Redis cannot be used (no answer).',
    })
  })

  it('of Redis says why it refused', () => {
    expect(describeError(refusal('OOM command not allowed script: abc'))).toEqual({
      type: 'ReplyError',
      message: 'OOM command not allowed',
    })
  })

  it('of the network says what could not be reached', () => {
    const error = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
    })
    expect(describeError(error)).toMatchObject({ code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 127.0.0.1:1' })
  })

  it('tells the places in the code where they are wanted, without the message in front', () => {
    const { stack = [] } = describeError(new Error(`a user\n    at ${ID}`), true)
    expect(stack[0]).toMatch(/describe-error\.test\.ts:\d+:\d+\)?$/)
    expect(stack.join()).not.toContain(ID)
  })
})
