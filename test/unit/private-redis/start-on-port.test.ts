import { expect, it, vi } from 'vitest'
import { type RedisProcess, RedisStartError } from '../../../private-redis/redis-process.ts'
import { startOnPort } from '../../../private-redis/start-on-port.ts'

const server: RedisProcess = { pid: 1, gone: Promise.resolve(), stop: async () => {}, kill: async () => {} }
const inUse = new RedisStartError('in use', 'REDIS_PORT_IN_USE')
const broken = new RedisStartError('broken', 'REDIS_START_FAILED')

it('takes another free port when somebody was faster', async () => {
  const start = vi.fn(async (_port: number) => server)
  start.mockRejectedValueOnce(inUse).mockRejectedValueOnce(inUse)
  const started = await startOnPort(start)
  const tried = start.mock.calls.map(([port]) => port)
  expect(tried).toHaveLength(3)
  expect(started.port).toBe(tried[2])
})

it('gives up after five ports', async () => {
  const start = vi.fn(async (_port: number): Promise<RedisProcess> => Promise.reject(inUse))
  await expect(startOnPort(start)).rejects.toBe(inUse)
  expect(start).toHaveBeenCalledTimes(5)
})

it('does not try again for a port that was wanted', async () => {
  const start = vi.fn(async (_port: number): Promise<RedisProcess> => Promise.reject(inUse))
  await expect(startOnPort(start, 7000)).rejects.toBe(inUse)
  expect(start.mock.calls).toEqual([[7000]])
})

it('does not try again when the server fails for another reason', async () => {
  const start = vi.fn(async (_port: number): Promise<RedisProcess> => Promise.reject(broken))
  await expect(startOnPort(start)).rejects.toBe(broken)
  expect(start).toHaveBeenCalledTimes(1)
})
