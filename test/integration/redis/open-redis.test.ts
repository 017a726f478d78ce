import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Cluster, Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { loadSettings } from '../../../config/load-settings.ts'
import { freePort } from '../../../private-redis/free-port.ts'
import { type PrivateRedis, startPrivateRedis } from '../../../private-redis/private-redis.ts'
import { type RedisConnection, waitUntilReady } from '../../../redis/connection.ts'
import { openRedis, type RedisRole, redisSettings } from '../../../redis/open-redis.ts'
import { RedisUnavailableError } from '../../../redis/redis-errors.ts'
import { eventually } from '../../helpers/eventually.ts'
import { startSentinelSet } from '../../helpers/processes/sentinel-set.ts'
import { selfSigned } from '../../unit/simulator/self-signed.ts'

const roles: readonly RedisRole[] = ['worker', 'producer', 'permits']
// A password that has to be percent-encoded, as those of generators often do.
const PASSWORD = 'p@ss/w:rd%?#'
const ACCESS = ['--requirepass', 'default-pw', '--user', 'worker', 'on', `>${PASSWORD}`, '~*', '+@all']

let server: PrivateRedis
let opened: RedisConnection[] = []

beforeAll(async () => {
  server = await startPrivateRedis({ args: ACCESS })
})
afterAll(() => server.stop())
afterEach(() => {
  for (const connection of opened) connection.disconnect()
  opened = []
})

function open(environment: Readonly<Record<string, string>>, role: RedisRole = 'producer'): RedisConnection {
  const connection = openRedis(loadSettings(environment, redisSettings), role)
  connection.on('error', () => {})
  opened.push(connection)
  return connection
}

const url = (access: string, rest = ''): string => `redis://${access}@127.0.0.1:${server.port}${rest}`
const asWorker = `worker:${encodeURIComponent(PASSWORD)}`

describe('a connection', () => {
  it.each(roles)('of a %s uses user, password and database number of the URL', async role => {
    const redis = open({ REDIS_URL: url(asWorker, '/3') }, role)
    await waitUntilReady(redis)
    expect(await redis.acl('WHOAMI')).toBe('worker')
    expect(await redis.client('INFO')).toMatch(/ db=3 /)
  })

  it('with a password alone is that of the default user, in database 0', async () => {
    const redis = open({ REDIS_URL: url(':default-pw') })
    await waitUntilReady(redis)
    expect(await redis.acl('WHOAMI')).toBe('default')
    expect(await redis.client('INFO')).toMatch(/ db=0 /)
  })

  it.each([
    ['a wrong password', ':hush-hush', '', 'WRONGPASS'],
    ['a wrong user', 'nobody:hush-hush', '', 'WRONGPASS'],
    ['no password', '', '', 'NOAUTH'],
    ['a database that is not there', asWorker, '/99', 'DB index is out of range'],
  ])('with %s is refused before its time is over, and the message says why', async (_, access, database, reason) => {
    const redis = open({ REDIS_URL: url(access, database) })
    // Far beyond the time limit of the test: only the answer of the server can end it.
    const ready = waitUntilReady(redis, 3_600_000)
    await expect(ready).rejects.toThrow(RedisUnavailableError)
    await expect(ready).rejects.toThrow(reason)
    await expect(ready).rejects.not.toThrow('hush')
  })

  it.each(roles)('of a %s to a port where nobody listens is given up, with the reason', async role => {
    const port = await freePort()
    const redis = open({ REDIS_URL: `redis://:hush-hush@127.0.0.1:${port}` }, role)
    const ready = waitUntilReady(redis, 3_600_000)
    const expected = expect(ready).rejects.toMatchObject({
      name: 'RedisUnavailableError',
      code: 'REDIS_UNAVAILABLE',
      message: `Redis cannot be used (connect ECONNREFUSED 127.0.0.1:${port}). Check REDIS_URL and that the server runs.`,
    })
    await once(redis, 'error')
    // Ends the wait as its time limit does, but only after the port has refused.
    redis.disconnect()
    await expected
  })

  it('that was given up in time leaves no listener behind', async () => {
    const redis = open({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` })
    const before = redis.listenerCount('error')
    await expect(waitUntilReady(redis, 50)).rejects.toThrow(RedisUnavailableError)
    // The driver has listeners of its own while it tries.
    await eventually('a pause between two tries', async () => redis.status === 'reconnecting')
    expect([redis.listenerCount('error'), redis.listenerCount('ready'), redis.listenerCount('end')]).toEqual([
      before,
      0,
      0,
    ])
  })
})

describe('while Redis is away', () => {
  let away: PrivateRedis
  beforeAll(async () => {
    away = await startPrivateRedis()
  })
  afterAll(() => away.stop())

  it('a producer and permits fail at once, a worker waits, and all come back by themselves', async () => {
    await away.restart()
    const environment = { REDIS_URL: away.url }
    const [worker, producer, permits] = [open(environment, 'worker'), open(environment), open(environment, 'permits')]
    await Promise.all([worker, producer, permits].map(redis => waitUntilReady(redis)))
    await away.kill()
    await eventually('the connections to be gone', async () =>
      [worker, producer, permits].every(redis => redis.status !== 'ready'),
    )
    const patient = worker.ping()
    await expect(producer.ping()).rejects.toThrow('enableOfflineQueue')
    await expect(permits.ping()).rejects.toThrow('enableOfflineQueue')
    await away.restart()
    expect(await patient).toBe('PONG')
    await eventually('the others to be back', async () => producer.status === 'ready' && permits.status === 'ready')
  })
})

describe('TLS', () => {
  it('is spoken with rediss://, and a certificate that nobody vouches for is refused', async () => {
    const { key, cert } = selfSigned()
    const port = await freePort()
    const files = { key: join(server.dir, 'key.pem'), cert: join(server.dir, 'cert.pem') }
    await writeFile(files.key, key)
    await writeFile(files.cert, cert)
    const args = ['--tls-port', String(port), '--tls-key-file', files.key, '--tls-cert-file', files.cert]
    const tls = await startPrivateRedis({
      args: [...args, '--tls-auth-clients', 'no', '--tls-ca-cert-file', files.cert],
    })
    try {
      const redis = open({ REDIS_URL: `rediss://127.0.0.1:${port}` })
      const [refusal] = await once(redis, 'error')
      expect(String(refusal)).toMatch(/self-signed certificate/)
    } finally {
      await tls.stop()
    }
  })

  it('takes the host of the URL for the name in the certificate, unless it is an address', () => {
    const byName = open({ REDIS_URL: 'rediss://localhost:1' })
    const byAddress = open({ REDIS_URL: 'rediss://[::1]:1' })
    expect(byName).toMatchObject({ options: { tls: { servername: 'localhost' } } })
    expect(byAddress).toMatchObject({ options: { host: '::1', tls: {} } })
    expect(byAddress).not.toHaveProperty('options.tls.servername')
  })
})

describe('Sentinel', () => {
  it('names the primary', async () => {
    const set = await startSentinelSet({ replicas: 0, sentinels: 1 })
    try {
      const redis = open({
        REDIS_SENTINELS: set.sentinels,
        REDIS_SENTINEL_NAME: set.name,
        REDIS_URL: 'redis://ignored/2',
      })
      await waitUntilReady(redis)
      expect(redis).toBeInstanceOf(Redis)
      expect(await redis.client('INFO')).toMatch(new RegExp(`laddr=127\\.0\\.0\\.1:${set.primary.port} .* db=2 `))
    } finally {
      await set.stop()
    }
  })
})

describe('Cluster', () => {
  it('is found through one of its nodes, and all keys with the prefix live in one slot', async () => {
    const node = await startPrivateRedis({ args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'] })
    try {
      const admin = new Redis(node.url)
      await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
      await eventually('the cluster to be whole', async () =>
        (await admin.cluster('INFO')).includes('cluster_state:ok'),
      )
      admin.disconnect()
      const redis = open({ REDIS_CLUSTER_NODES: `127.0.0.1:${node.port}` })
      await waitUntilReady(redis)
      expect(redis).toBeInstanceOf(Cluster)
      expect(await redis.mset('{clear-friends}:a', '1', '{clear-friends}:b', '2')).toBe('OK')
    } finally {
      await node.stop()
    }
  })
})
