import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createReceiptSeals } from '../../../jobs/receipts/keys/receipt-seals.ts'
import { freePort } from '../../../private-redis/free-port.ts'
import { type PrivateRedis, startPrivateRedis } from '../../../private-redis/private-redis.ts'
import { keysOf } from '../../../redis/keys.ts'
import { type Simulator, startSimulator } from '../../../simulator/index.ts'
import { runCommand } from '../../helpers/commands/run-command.ts'
import { workerSettingsFor } from '../../helpers/processes/worker-process.ts'
import { receiptKeyOf, TEST_RECEIPT_KEY } from '../../helpers/receipts/settling.ts'
import { startOldRedis } from './old-redis.ts'

const PREFIX = '{doctor}'
let server: PrivateRedis
let redis: Redis
let simulator: Simulator

beforeAll(async () => {
  server = await startPrivateRedis()
  redis = new Redis(server.url)
  simulator = await startSimulator()
})
afterAll(async () => {
  await simulator.close()
  redis.disconnect()
  await server.stop()
})

const findingsShape = z.array(
  z.strictObject({
    check: z.string(),
    result: z.enum(['ok', 'warning', 'failure']),
    found: z.string(),
    advice: z.string().optional(),
  }),
)

const settingsWith = (changes: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  ...workerSettingsFor(simulator, { url: server.url, prefix: PREFIX }),
  ...changes,
})

/** The result of this check depends on how busy the machine is. */
const LATENCY = 'redis latency'

async function examine(changes: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await runCommand(['doctor', '--json'], settingsWith(changes))
  const findings = findingsShape.parse(JSON.parse(stdout))
  return { code, stderr, findings, bad: findings.filter(({ check, result }) => result !== 'ok' && check !== LATENCY) }
}

/** Examines the server while it has other settings. */
async function examineWith(changes: Readonly<Record<string, string>>) {
  const before = (await redis.config('GET', ...Object.keys(changes))) as string[]
  await redis.config('SET', ...Object.entries(changes).flat())
  return examine().finally(() => redis.config('SET', ...before))
}

describe('clear-friends doctor', () => {
  it('finds everything in order, and says so in words', async () => {
    const { code, stdout, stderr } = await runCommand(['doctor'], settingsWith())
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = stdout.split('\n').filter(line => /^\w/.test(line))
    expect(lines.filter(line => !line.startsWith('ok    ') && !line.includes(LATENCY))).toEqual([])
    expect(lines.map(line => line.slice(6, line.indexOf(':')))).toEqual([
      'settings',
      'redis reachable',
      'redis version',
      'redis persistence',
      'redis rewrites',
      'redis eviction',
      'redis memory layout',
      'redis latency',
      'clock',
      'limiter',
      'fleet',
      'receipts',
      'redis channel',
      'redis writes',
      'vendor reachable',
      'signature and admin right',
    ])
    expect(stdout).toContain(`ok    redis version: Redis ${server.version}`)
    expect(stdout).toContain(`ok    vendor reachable: ${simulator.url}`)
  })

  it('asks the vendor once, and changes nothing there or in the queue', async () => {
    simulator.reset()
    await examine()
    const { byCommand } = simulator.figures()
    expect(
      Object.entries(byCommand).flatMap(([name, figures]) => (figures?.calls ? [[name, figures.calls]] : [])),
    ).toEqual([['account_check', 1]])
    expect(await redis.keys(`${PREFIX}:clear-friends:*`)).toEqual([])
  })

  it('fails on a key of receipts that is not the one in use, and shows neither', async () => {
    await redis.hset(keysOf(PREFIX).fleet, 'key', createReceiptSeals(TEST_RECEIPT_KEY).keyId)
    expect((await examine()).bad).toEqual([])
    const other = receiptKeyOf('another key')
    const { code, bad, findings } = await examine({ RECEIPT_KEY: other })
    expect(code).toBe(1)
    expect(bad).toMatchObject([{ check: 'fleet', result: 'failure' }])
    expect(JSON.stringify(findings)).not.toContain(other)
    await redis.del(keysOf(PREFIX).fleet)
  })

  it('warns of a Redis that forgets or wastes memory, and fails on one that throws jobs away', async () => {
    const { code, bad } = await examineWith({
      appendonly: 'no',
      'maxmemory-policy': 'allkeys-lru',
      'hash-max-listpack-value': '64',
    })
    expect(code).toBe(1)
    expect(bad).toEqual([
      {
        check: 'redis persistence',
        result: 'warning',
        found: 'the append-only file is off',
        advice: 'Set `appendonly yes`: after a crash of Redis, accepted accounts would be lost.',
      },
      {
        check: 'redis eviction',
        result: 'failure',
        found: 'allkeys-lru',
        advice: expect.stringContaining('Set `maxmemory-policy noeviction`'),
      },
      {
        check: 'redis memory layout',
        result: 'warning',
        found: 'hash-max-listpack-value 64',
        advice: expect.stringContaining('Set it to 256'),
      },
    ])
  })

  it('does not fail for warnings alone', async () => {
    const { code, bad } = await examineWith({ 'hash-max-listpack-value': '64' })
    expect(bad.map(({ check, result }) => [check, result])).toEqual([['redis memory layout', 'warning']])
    expect(code).toBe(0)
  })

  it('knows a limiter in use', async () => {
    await redis.zadd(keysOf(PREFIX).permits('friend_delete_all'), 1_700_000_000_000_000, '1700000000000000')
    expect((await examine()).findings).toContainEqual({
      check: 'limiter',
      result: 'ok',
      found: 'its keys are in order',
    })
  })

  const permits = keysOf(PREFIX).permits('friend_get')
  const { fleet } = keysOf(PREFIX)
  it.each<[string, () => Promise<unknown>, string, string]>([
    [
      'permits under which something else lies',
      () => redis.set(permits, 'what is this?'),
      `the key ${permits} is a string, which it never is; no call can be made`,
      `DEL ${permits}`,
    ],
    [
      'a fleet’s state under which something else lies',
      () => redis.set(fleet, 'what is this?'),
      `the key ${fleet} is a string, which it never is; no call can be made`,
      `DEL ${fleet}`,
    ],
    [
      'a rate that is none',
      () => redis.hset(fleet, 'rate', 'as fast as you can'),
      `the field rate of ${fleet} is no limit that can be read; no call can be made`,
      'clear-friends rate <n>',
    ],
    [
      'a lowered rate that is none',
      () => redis.hset(fleet, 'lowered:friend_get', '1..5|yesterday|2'),
      `the field lowered:friend_get of ${fleet} is no limit that can be read; no call can be made`,
      `HDEL ${fleet} lowered:friend_get`,
    ],
    [
      'a hold that is none',
      () => redis.hset(fleet, 'hold', '-1'),
      `the field hold of ${fleet} is no limit that can be read; no call can be made`,
      `HDEL ${fleet} hold`,
    ],
  ])('finds %s, says what to do, and asks the vendor nothing', async (_, spoil, found, advice) => {
    await redis.del(permits, fleet)
    await spoil()
    const { code, bad, findings } = await examine()
    await redis.del(permits, fleet)
    expect(code).toBe(1)
    expect(bad).toEqual([{ check: 'limiter', result: 'failure', found, advice: expect.stringContaining(advice) }])
    // Without a permit not even the doctor may send a call.
    expect(findings.map(({ check }) => check)).not.toContain('vendor reachable')
  })

  it('warns of permits with garbage among them, with which the limit holds', async () => {
    await redis.zadd(permits, 1, 'a permit')
    const { code, bad } = await examine()
    await redis.del(permits)
    expect(code).toBe(0)
    expect(bad).toMatchObject([{ check: 'limiter', result: 'warning', found: expect.stringContaining('1 entries') }])
  })
})

describe.concurrent('clear-friends doctor, where something is in the way,', () => {
  it.each<[string, Readonly<Record<string, string>>, string, string]>([
    ['the key of another app', { IM_SECRET_KEY: 'hush-hush' }, 'code 70009: ', 'IM_SECRET_KEY'],
    ['an account that is no admin', { IM_ADMIN: 'user_1' }, 'code 60010: ', 'IM_ADMIN'],
    ['an app that is unknown there', { IM_SDK_APP_ID: '1400000001' }, 'code 70020: ', 'IM_BASE_URL'],
  ])('tells %s, and what to set', async (_, changes, found, advice) => {
    const { code, bad, stderr } = await examine(changes)
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    expect(bad).toEqual([
      {
        check: 'signature and admin right',
        result: 'failure',
        found: expect.stringContaining(found),
        advice: expect.stringContaining(advice),
      },
    ])
    expect(JSON.stringify(bad)).not.toContain('hush')
  })

  it('tells that the app does not know the admin account itself', async () => {
    const faults = [{ command: 'account_check', answer: { code: 30003 }, accounts: 'all', times: 'always' }] as const
    const other = await startSimulator({ faults })
    const { code, bad } = await examine({ IM_BASE_URL: other.url }).finally(() => other.close())
    expect(code).toBe(1)
    expect(bad).toMatchObject([
      { found: expect.stringContaining('code 30003: '), advice: expect.stringContaining('does not know IM_ADMIN') },
    ])
  })

  it('tells that the vendor cannot be reached', async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    const { code, bad } = await examine({ IM_BASE_URL: url })
    expect(code).toBe(1)
    expect(bad).toEqual([
      {
        check: 'vendor reachable',
        result: 'failure',
        found: expect.stringMatching(new RegExp(`^no connection to ${url} \\(.*ECONNREFUSED`)),
        advice: 'Check IM_BASE_URL, DNS and the firewall.',
      },
    ])
  })

  it('tells that Redis refuses the password, and not which one it was', async () => {
    const guarded = await startPrivateRedis({ args: ['--requirepass', 'made-up'] })
    const { code, bad } = await examine({ REDIS_URL: `redis://:hush-hush@127.0.0.1:${guarded.port}` }).finally(() =>
      guarded.stop(),
    )
    expect(code).toBe(1)
    expect(bad).toMatchObject([
      { check: 'redis reachable', result: 'failure', found: expect.stringContaining('WRONGPASS') },
    ])
    expect(JSON.stringify(bad)).not.toContain('hush')
  })

  it.each<[string, string, (redis: Redis) => Promise<unknown>, string]>([
    ['its memory is full', 'OOM ', full => full.config('SET', 'maxmemory', '1'), 'maxmemory'],
    [
      'it is a replica',
      'READONLY ',
      replica => replica.replicaof('127.0.0.1', server.port),
      'REDIS_URL must lead to the primary',
    ],
  ])('tells that Redis takes no writes because %s, and asks the vendor nothing', async (_, said, spoil, advice) => {
    const refusing = await startPrivateRedis()
    const admin = new Redis(refusing.url)
    await spoil(admin)
    const { code, bad, findings } = await examine({ REDIS_URL: refusing.url }).finally(() => {
      admin.disconnect()
      return refusing.stop()
    })
    expect(code).toBe(1)
    expect(bad).toEqual([
      {
        check: 'redis writes',
        result: 'failure',
        found: expect.stringContaining(`refused (${said}`),
        advice: expect.stringContaining(advice),
      },
    ])
    expect(findings.map(({ check }) => check)).not.toContain('vendor reachable')
  })

  it('tells that Redis is too old, and asks nothing else of it', async () => {
    const old = await startOldRedis()
    const { code, bad, findings } = await examine({ REDIS_URL: old.url }).finally(() => old.close())
    expect(code).toBe(1)
    expect(bad).toEqual([
      { check: 'redis version', result: 'failure', found: 'Redis 5.0.14', advice: 'Use 6.2.0 or newer.' },
    ])
    expect(findings.at(-1)?.check).toBe('redis version')
  })
})
