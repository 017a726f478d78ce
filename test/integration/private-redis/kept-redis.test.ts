import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { findRedisProgram } from '../../../private-redis/find-redis.ts'
import { startKeptRedis } from '../../../private-redis/kept-redis.ts'
import { startPrivateRedis } from '../../../private-redis/private-redis.ts'

it('a server with kept data asks for a password, and ends one that an earlier process left behind', async context => {
  const dir = await mkdtemp(join(tmpdir(), 'clear-friends-kept-'))
  context.onTestFinished(() => rm(dir, { recursive: true }))
  const program = await findRedisProgram()
  const first = await startKeptRedis({ dir, program })
  context.onTestFinished(() => first.stop())
  const writer = new Redis(first.url)
  writer.on('error', () => {})
  await writer.set('made-up key', 'kept')
  const stranger = new Redis(first.port, '127.0.0.1', { retryStrategy: () => null, maxRetriesPerRequest: 0 })
  stranger.on('error', () => {})
  await expect(stranger.get('made-up key')).rejects.toThrow(/NOAUTH|closed/)
  stranger.disconnect()
  expect((await stat(join(dir, 'password.conf'))).mode & 0o077).toBe(0)

  const second = await startKeptRedis({ dir, program })
  context.onTestFinished(() => second.stop())
  await first.gone
  writer.disconnect()
  const reader = new Redis(second.url)
  expect(await reader.get('made-up key')).toBe('kept')
  reader.disconnect()
})

it('a server with kept data leaves alone what has got the port of an earlier one since', async context => {
  const dir = await mkdtemp(join(tmpdir(), 'clear-friends-kept-'))
  context.onTestFinished(() => rm(dir, { recursive: true }))
  const program = await findRedisProgram()
  const another = await startPrivateRedis({ program })
  context.onTestFinished(() => another.stop())
  await writeFile(join(dir, 'address.json'), JSON.stringify({ port: another.port, password: 'of earlier' }))
  const kept = await startKeptRedis({ dir, program })
  context.onTestFinished(() => kept.stop())
  const redis = new Redis(another.url)
  expect(await redis.ping()).toBe('PONG')
  redis.disconnect()
})
