import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { freePort } from '../../../private-redis/free-port.ts'
import { type PrivateRedis, type PrivateRedisOptions, startPrivateRedis } from '../../../private-redis/private-redis.ts'
import { RedisStartError } from '../../../private-redis/redis-process.ts'
import { eventually } from '../../helpers/eventually.ts'

let temporary: string

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'private-redis-test-'))
  vi.stubEnv('TMPDIR', temporary)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(temporary, { recursive: true, force: true })
})

async function start(options?: PrivateRedisOptions): Promise<PrivateRedis> {
  const redis = await startPrivateRedis(options)
  onTestFinished(() => redis.stop())
  return redis
}

async function withConnection<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, retryStrategy: () => null })
  redis.on('error', () => {})
  try {
    return await use(redis)
  } finally {
    redis.disconnect()
  }
}

async function settingOf(redis: Redis, name: string): Promise<string | undefined> {
  const answer: unknown = await redis.config('GET', name)
  return Array.isArray(answer) ? String(answer[1]) : undefined
}

const answers = (url: string): Promise<boolean> =>
  withConnection(url, redis => redis.ping()).then(
    () => true,
    () => false,
  )

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

const isProcess = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('a private Redis', () => {
  it('runs with the settings that the queue needs', async () => {
    const { url } = await start({ appendFsync: 'always' })
    const expected = {
      appendonly: 'yes',
      appendfsync: 'always',
      'maxmemory-policy': 'noeviction',
      'hash-max-listpack-value': '256',
      bind: '127.0.0.1',
      save: '',
    }
    const names = Object.keys(expected)
    const values = await withConnection(url, redis => Promise.all(names.map(name => settingOf(redis, name))))
    expect(Object.fromEntries(names.map((name, index) => [name, values[index]]))).toEqual(expected)
  })

  it('leaves no process and no folder when it is stopped, also when it is stopped twice', async () => {
    const redis = await start()
    expect(await exists(redis.dir)).toBe(true)
    await Promise.all([redis.stop(), redis.stop()])
    await redis.stop()
    expect(isProcess(redis.pid)).toBe(false)
    expect(await answers(redis.url)).toBe(false)
    expect(await readdir(temporary)).toEqual([])
  })

  it('keeps what it acknowledged over a crash and a restart on the same port', async () => {
    const redis = await start({ appendFsync: 'always' })
    const pidBefore = redis.pid
    await withConnection(redis.url, connection => connection.set('kept', 'yes'))
    await redis.kill()
    expect(isProcess(pidBefore)).toBe(false)
    expect(await answers(redis.url)).toBe(false)
    await redis.restart()
    expect(redis.pid).not.toBe(pidBefore)
    expect(await withConnection(redis.url, connection => connection.get('kept'))).toBe('yes')
  })

  it('restarts while it still runs', async () => {
    const redis = await start()
    const pidBefore = redis.pid
    await redis.restart()
    expect(isProcess(pidBefore)).toBe(false)
    expect(await answers(redis.url)).toBe(true)
  })

  it('is stopped for good after a kill', async () => {
    const redis = await start()
    await redis.kill()
    await redis.stop()
    expect(await readdir(temporary)).toEqual([])
  })

  it('ends although it was frozen', async () => {
    const redis = await start()
    process.kill(redis.pid, 'SIGSTOP')
    await redis.stop()
    expect(isProcess(redis.pid)).toBe(false)
  })

  it('lets the arguments of the caller win over its own', async () => {
    const { url } = await start({ args: ['--appendonly', 'no', '--maxmemory', '64mb'] })
    expect(await withConnection(url, redis => settingOf(redis, 'appendonly'))).toBe('no')
    expect(await withConnection(url, redis => settingOf(redis, 'maxmemory'))).toBe(String(64 * 1024 * 1024))
  })

  it('counts as started when it wants a password', async () => {
    const { url } = await start({ args: ['--requirepass', 'open-sesame'] })
    await expect(withConnection(url, redis => redis.get('x'))).rejects.toThrow('NOAUTH')
  })

  it('leaves a directory in place that the caller has named', async () => {
    const dir = join(temporary, 'named')
    const redis = await start({ dir })
    expect(redis.dir).toBe(dir)
    await redis.stop()
    expect(await exists(join(dir, 'appendonlydir'))).toBe(true)
  })

  it('has a port of its own when several start at once', async () => {
    const all = await Promise.all([start(), start(), start()])
    expect(new Set(all.map(redis => redis.port)).size).toBe(3)
  })
})

describe('a private Redis that cannot start', () => {
  it('says that the wanted port is in use and leaves nothing behind', async () => {
    const { server, port } = await occupyPort()
    try {
      const failure = startPrivateRedis({ port })
      await expect(failure).rejects.toBeInstanceOf(RedisStartError)
      await expect(failure).rejects.toMatchObject({ code: 'REDIS_PORT_IN_USE' })
      expect(await readdir(temporary)).toEqual([])
    } finally {
      server.close()
    }
  })

  it('does not take another Redis on the wanted port for its own', async () => {
    const other = await start()
    await expect(startPrivateRedis({ port: other.port })).rejects.toMatchObject({ code: 'REDIS_PORT_IN_USE' })
    expect(await answers(other.url)).toBe(true)
  })

  it('shows what the server complained about', async () => {
    const failure = startPrivateRedis({ args: ['--no-such-setting', 'yes'] })
    await expect(failure).rejects.toMatchObject({ code: 'REDIS_START_FAILED' })
    await expect(failure).rejects.toThrow('no-such-setting')
    expect(await readdir(temporary)).toEqual([])
  })
})

describe('the process that started a private Redis', () => {
  it('takes it along when it is killed with -9, files and all', async () => {
    const { child, url } = await startInAnotherProcess()
    child.kill('SIGKILL')
    await once(child, 'exit')
    await eventually('the server to be gone', async () => !(await answers(url)))
    await eventually('its folder to be gone', async () => (await readdir(temporary)).length === 0)
  })

  it('takes it along when it forgets to stop it, and is not kept alive by it', async () => {
    const { child, url } = await startInAnotherProcess()
    child.stdin?.end('forget\n')
    const [exitCode] = await once(child, 'exit')
    expect(exitCode).toBe(0)
    await eventually('the server to be gone', async () => !(await answers(url)))
    await eventually('its folder to be gone', async () => (await readdir(temporary)).length === 0)
  })

  it('still has it when Ctrl-C reaches all processes of the terminal', async () => {
    const { child, url } = await startInAnotherProcess()
    const lines = linesOf(child)
    signalGroup(child, 'SIGINT')
    expect(await lines.next()).toMatchObject({ value: 'interrupted' })
    expect(await answers(url)).toBe(true)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await eventually('its folder to be gone', async () => (await readdir(temporary)).length === 0)
  })
})

/** Sends a signal to a process and all of its group, as a terminal does. */
function signalGroup({ pid }: ChildProcess, name: 'SIGINT'): void {
  if (pid === undefined) throw new Error('the process was not started')
  process.kill(-pid, name)
}

async function occupyPort(): Promise<{ server: Server; port: number }> {
  const port = await freePort()
  const server = createServer(socket => socket.destroy())
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return { server, port }
}

const otherProcess = `
  const { startPrivateRedis } = await import(process.argv[1])
  process.on('SIGINT', () => process.stdout.write('interrupted\\n'))
  const { url } = await startPrivateRedis()
  process.stdout.write(url + '\\n')
  process.stdin.on('data', () => process.removeAllListeners('SIGINT'))
`

async function startInAnotherProcess(): Promise<{ child: ChildProcess; url: string }> {
  const module = new URL('../../../private-redis/private-redis.ts', import.meta.url).href
  const args = ['--input-type=module', '-e', otherProcess, module]
  const child = spawn(process.execPath, args, { detached: true, stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const line = await linesOf(child).next()
  return { child, url: String(line.value) }
}

async function* linesOf(child: ChildProcess): AsyncGenerator<string, void> {
  if (child.stdout === null) return
  for await (const [chunk] of onData(child.stdout)) yield* String(chunk).trim().split('\n')
}

async function* onData(stream: NodeJS.ReadableStream): AsyncGenerator<unknown[], void> {
  while (true) yield await once(stream, 'data')
}
