import { describe, expect, it } from 'vitest'
import { findRedisProgram, RedisNotFoundError, type RedisPlace } from '../../../private-redis/find-redis.ts'
import type { LookedUp } from '../../../private-redis/redis-program.ts'

const here = (file: string): LookedUp => ({
  kind: 'found',
  program: { kind: 'local', file, environment: {}, version: '7.0.15' },
})
const nowhere = (reason: string): LookedUp => ({ kind: 'missing', reason })

function place(name: string, answer: LookedUp, asked: string[] = []): RedisPlace {
  return {
    name,
    look: async () => {
      asked.push(name)
      return answer
    },
  }
}

describe('the search for a Redis server', () => {
  it('takes the first place that has one and asks no further', async () => {
    const asked: string[] = []
    const places = [
      place('first', nowhere('not there'), asked),
      place('second', here('/second/redis-server'), asked),
      place('third', here('/third/redis-server'), asked),
    ]
    const program = await findRedisProgram({ places })
    expect(program).toMatchObject({ file: '/second/redis-server' })
    expect(asked).toEqual(['first', 'second'])
  })

  it('says for each place, in order, what it lacks when none has a server, and which command helps', async () => {
    const places = [
      place('PATH', nowhere('redis-server: not there')),
      place('Debian package', nowhere('apt-get: not there')),
      place('Docker', nowhere('docker: Cannot connect to the Docker daemon')),
    ]
    const release = { id: 'fedora', version: '43', family: ['fedora'] }
    const failure = findRedisProgram({ places, platform: 'linux', release })
    await expect(failure).rejects.toBeInstanceOf(RedisNotFoundError)
    await expect(failure).rejects.toMatchObject({
      code: 'REDIS_NOT_FOUND',
      message: [
        'There is no Redis here, and none could be fetched:',
        '  PATH: redis-server: not there',
        '  Debian package: apt-get: not there',
        '  Docker: docker: Cannot connect to the Docker daemon',
        'Install one (sudo dnf install valkey), or set REDIS_URL to one that runs.',
      ].join('\n'),
    })
  })
})
