import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'vitest'
import { createProducer } from '../../../jobs/enqueue/producer.ts'
import { freePort } from '../../../private-redis/free-port.ts'
import { startPrivateRedis } from '../../../private-redis/private-redis.ts'

// Each of these tests waits until a producer gives up its first connection, and none depends on another.
describe.concurrent('the first use of a producer while Redis is away', () => {
  it('fails with a clear error, for one account and for many, and can be tried again', async ({ expect }) => {
    const port = await freePort()
    const producer = createProducer({ redis: `redis://:hush-hush@127.0.0.1:${port}` })
    const one = producer.enqueue('user_secret')
    const many = producer.enqueueMany(['user_secret'])
    const expected = {
      name: 'RedisUnavailableError',
      code: 'REDIS_UNAVAILABLE',
      message: `Redis cannot be used (connect ECONNREFUSED 127.0.0.1:${port}). Check REDIS_URL and that the server runs.`,
    }
    await Promise.all([expect(one).rejects.toMatchObject(expected), expect(many).rejects.toMatchObject(expected)])
    const late = await startPrivateRedis({ port, args: ['--requirepass', 'hush-hush'] })
    try {
      expect((await producer.enqueue('user_1')).result).toBe('accepted')
    } finally {
      await producer.close()
      await late.stop()
    }
  })

  it('does not keep the program from ending once it is closed', async ({ expect }) => {
    const program = `
      import { createProducer } from ${JSON.stringify(new URL('../../../jobs/index.ts', import.meta.url).href)}
      const producer = createProducer({ redis: 'redis://127.0.0.1:${await freePort()}' })
      const failed = producer.enqueue('user_1').catch(error => console.log(error.code))
      await producer.close()
      await failed`
    const folder = fileURLToPath(new URL('../../..', import.meta.url))
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let printed = ''
    child.stdout.on('data', piece => {
      printed += String(piece)
    })
    const [code] = await once(child, 'close')
    expect({ code, printed }).toEqual({ code: 0, printed: 'REDIS_UNAVAILABLE\n' })
  })

  it('ends by itself where the server refuses the password', async ({ expect }) => {
    const server = await startPrivateRedis({ args: ['--requirepass', 'made-up'] })
    const producer = createProducer({ redis: `redis://:hush-hush@127.0.0.1:${server.port}` })
    try {
      await expect(producer.enqueue('user_1')).rejects.toThrow(/^Redis cannot be used \(WRONGPASS /)
    } finally {
      await producer.close()
      await server.stop()
    }
  })
})
