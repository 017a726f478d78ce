import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { REDIS_IMAGE } from '../../../private-redis/docker-redis.ts'
import { findRedisProgram, RedisNotFoundError } from '../../../private-redis/find-redis.ts'

let bin: string

beforeEach(async () => {
  bin = await mkdtemp(join(tmpdir(), 'find-redis-test-'))
  vi.stubEnv('PATH', bin)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(bin, { recursive: true, force: true })
})

async function program(name: string, script: string, mode = 0o755): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`)
  await chmod(join(bin, name), mode)
}

const printVersion = (brand: string, version: string): string => `echo "${brand} server v=${version} sha=0:0"`

describe('the search for a Redis on this machine', () => {
  it('takes redis-server from the PATH before anything else', async () => {
    await program('redis-server', printVersion('Redis', '7.2.1'))
    await program('valkey-server', printVersion('Valkey', '8.0.1'))
    expect(await findRedisProgram()).toMatchObject({ kind: 'local', file: 'redis-server', version: '7.2.1' })
  })

  it('takes valkey-server where redis-server lies on the PATH but does not run', async () => {
    await program('redis-server', 'exit 127')
    await program('valkey-server', printVersion('Valkey', '8.0.1'))
    expect(await findRedisProgram()).toMatchObject({ kind: 'local', file: 'valkey-server', version: '8.0.1' })
  })

  it('takes a Docker engine where there is neither a server nor Debian', async () => {
    await program('redis-server', printVersion('Redis', '5.0.7'))
    const engine = `case "$1" in version) echo 28.0.0;; run) ${printVersion('Redis', '8.2.1')};; *) exit 1;; esac`
    await program('docker', engine)
    const reported: string[] = []
    const found = await findRedisProgram(line => reported.push(line))
    expect(found).toEqual({ kind: 'docker', image: REDIS_IMAGE, version: '8.2.1' })
    expect(reported).toEqual([`No Redis on this machine: running ${REDIS_IMAGE} with Docker`])
  })

  it('says what every place lacks when there is nothing', async () => {
    await program('redis-server', printVersion('Redis', '5.0.7'))
    await program('valkey-server', printVersion('Valkey', '8.0.1'), 0o644)
    await program('docker', 'echo "Cannot connect to the Docker daemon." >&2; exit 1')
    const search = findRedisProgram(() => {}, 'darwin')
    await expect(search).rejects.toBeInstanceOf(RedisNotFoundError)
    await expect(search).rejects.toMatchObject({
      code: 'REDIS_NOT_FOUND',
      message: [
        'There is no Redis here, and none could be fetched:',
        '  PATH: redis-server: is version 5.0.7, needed is 6.2.0 or newer',
        '  PATH: valkey-server: cannot be run (EACCES)',
        '  Debian package: apt-get: not there',
        '  Docker: docker: Cannot connect to the Docker daemon.',
        'Install one: brew install redis',
      ].join('\n'),
    })
  })
})
