import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadSettings, SettingsError } from '../../../config/load-settings.ts'
import { SETTING_NAMES, type SettingName, settingRow } from '../../../config/settings.ts'
import { redisSettings } from '../../../redis/open-redis.ts'
import { TEST_RECEIPT_KEY } from '../../helpers/receipts/settling.ts'

const everySetting = SETTING_NAMES
const complete = {
  IM_BASE_URL: 'https://im.example',
  IM_SDK_APP_ID: '1400000000',
  IM_ADMIN: 'administrator',
  IM_SECRET_KEY: 'made-up-key',
  RECEIPT_KEY: TEST_RECEIPT_KEY,
}

/** Gives the faults of an environment; fails where there are none. */
function faultsOf(environment: Record<string, string | undefined>, names: readonly SettingName[] = everySetting) {
  try {
    loadSettings(environment, names)
  } catch (error) {
    if (error instanceof SettingsError) return error
    throw error
  }
  throw new Error('these settings were taken')
}

const namesOf = (error: SettingsError): string[] => error.faults.map(fault => fault.name)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clear-friends-settings-'))
})
afterAll(() => rm(folder, { recursive: true }))

const secretFile = async (name: string, content: string): Promise<string> => {
  const file = join(folder, name)
  await writeFile(file, content)
  return file
}

describe('loading settings', () => {
  it('fills in the defaults', () => {
    expect(loadSettings(complete, everySetting)).toMatchObject({
      REDIS_URL: 'redis://127.0.0.1:6379',
      REDIS_SENTINELS: undefined,
      REDIS_PREFIX: '{clear-friends}',
      IM_SDK_APP_ID: 1_400_000_000,
      RATE_LIMIT_PER_SECOND: 200,
      RATE_LIMIT_MARGIN: 0.01,
      WORKER_CONCURRENCY: 256,
      MAX_ATTEMPTS: 15,
      MISSING_SHARE: 0.2,
      DUE_DAYS: 30,
      RECEIPT_DAYS: 400,
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: 9464,
      DRAIN_SECONDS: 25,
      LOG_LEVEL: 'info',
    })
  })

  it('looks at no setting that was not asked for', () => {
    expect(loadSettings({ HTTP_PORT: 'wrong', DUE_DAYS: '7' }, ['DUE_DAYS'])).toEqual({ DUE_DAYS: 7 })
  })

  it('takes an empty variable for one that is not set', () => {
    expect(loadSettings({ DUE_DAYS: '', REDIS_SENTINELS: '' }, ['DUE_DAYS', 'REDIS_SENTINELS'])).toEqual({
      DUE_DAYS: 30,
      REDIS_SENTINELS: undefined,
    })
    expect(namesOf(faultsOf({ ...complete, IM_ADMIN: '' }))).toEqual(['IM_ADMIN'])
  })

  it('reports all faults at once, each with name, value and what was expected', () => {
    const error = faultsOf({ IM_BASE_URL: 'https://im.example/v4', HTTP_PORT: '70000', LOG_LEVEL: 'loud' })
    expect(error.message.split('\n')).toEqual([
      'Settings that need attention:',
      '  IM_BASE_URL: "https://im.example/v4"; expected https:// and the domain of the app’s data centre, without a path; http:// only for a loopback address',
      '  IM_SDK_APP_ID: not set; expected a whole number, as the vendor’s console shows it',
      '  IM_ADMIN: not set; expected the user id of an app administrator, 1 to 32 printable characters',
      '  IM_SECRET_KEY: not set; expected the app’s secret key, here or in a file named by IM_SECRET_KEY_FILE',
      '  RECEIPT_KEY: not set; expected at least 256 random bits as 64 hex digits or base64 of 32 bytes, as `clear-friends receipts new-key` makes them, here or in a file named by RECEIPT_KEY_FILE',
      '  HTTP_PORT: "70000"; expected a port number; 0 takes any free one and logs it',
      '  LOG_LEVEL: "loud"; expected trace, debug, info, warn, error, fatal or silent',
    ])
    expect(error).toMatchObject({ name: 'SettingsError', code: 'SETTINGS' })
  })

  it.each(everySetting.filter(name => settingRow(name).default !== undefined))(
    'reports a %s that is no text of its kind under that name alone',
    name => {
      expect(namesOf(faultsOf({ ...complete, [name]: 'a b' }))).toEqual([name])
    },
  )
})

describe('a secret', () => {
  it('comes from the environment', () => {
    expect(loadSettings(complete, ['IM_SECRET_KEY']).IM_SECRET_KEY.reveal()).toBe('made-up-key')
  })

  it.each([
    ['without a line end', 'key-1', 'key-1'],
    ['with a line end', 'key-2\n', 'key-2'],
    ['with a line end of Windows', 'key-3\r\n', 'key-3'],
    ['with spaces, which belong to it', ' key 4 \n', ' key 4 '],
    ['with two line ends, of which one belongs to it', 'key-5\n\n', 'key-5\n'],
  ])('comes from a file %s', async (name, content, expected) => {
    const settings = loadSettings({ IM_SECRET_KEY_FILE: await secretFile(name, content) }, ['IM_SECRET_KEY'])
    expect(settings.IM_SECRET_KEY.reveal()).toBe(expected)
  })

  it('given twice is refused, since nobody could tell which one counts', async () => {
    const error = faultsOf({ IM_SECRET_KEY: 'hush', IM_SECRET_KEY_FILE: await secretFile('twice', 'hush-too') }, [
      'IM_SECRET_KEY',
    ])
    expect(error.message).toContain('IM_SECRET_KEY: set, and IM_SECRET_KEY_FILE is set too; expected one of the two')
    expect(error.message).not.toContain('hush')
  })

  it('in a file that is empty is refused', async () => {
    const error = faultsOf({ IM_SECRET_KEY_FILE: await secretFile('empty', '\n') }, ['IM_SECRET_KEY'])
    expect(error.message).toContain('IM_SECRET_KEY_FILE: a value that does not fit; expected the app’s secret key')
  })

  it('in a file that does not exist, or is a folder, is refused with the path and the reason', () => {
    const missing = join(folder, 'missing')
    expect(faultsOf({ IM_SECRET_KEY_FILE: missing }, ['IM_SECRET_KEY']).message).toContain(
      `IM_SECRET_KEY_FILE: "${missing}", which cannot be read (ENOENT); expected a readable file`,
    )
    expect(faultsOf({ IM_SECRET_KEY_FILE: folder }, ['IM_SECRET_KEY']).message).toContain('cannot be read (EISDIR)')
  })

  it('set by mistake under the name of the file form is not shown', () => {
    const error = faultsOf({ IM_SECRET_KEY_FILE: 'hush-hush-0123456789abcdef' }, ['IM_SECRET_KEY'])
    expect(error.message).toContain('IM_SECRET_KEY_FILE: a value that is no absolute path, so it is not shown')
    expect(error.message).not.toContain('hush')
  })

  it.each([
    ['redis://user:hush@redis.example/one', '"redis://[redacted]@redis.example/one"'],
    ['redis://:hu@sh@redis.example/one', '"redis://[redacted]@redis.example/one"'],
    ['redis://:hush/hush@redis.example', '"redis://[redacted]@redis.example"'],
    ['redis://:hush?hush@redis.example', '"redis://[redacted]@redis.example"'],
    ['http://:hush@redis.example', '"http://[redacted]@redis.example"'],
    ['redis:user:hush@redis.example', '"[redacted]@redis.example"'],
    ['user:hush@redis.example:6379', '"[redacted]@redis.example:6379"'],
    ['redis://:100%hush@redis.example', '"redis://[redacted]@redis.example"'],
    ['redis://redis.example?password=hush', '"redis://redis.example?[redacted]"'],
    ['redis://user:hush', '"redis://user:[redacted]"'],
    ['redis:hush', '"redis:[redacted]"'],
    ['redis://redis.example:6379/one', '"redis://redis.example:6379/one"'],
    ['redis://redis.example:99999', '"redis://redis.example:99999"'],
  ])('in a wrong REDIS_URL %s is cut out, and the rest is shown', (text, shown) => {
    const error = faultsOf({ REDIS_URL: text }, ['REDIS_URL'])
    expect(error.faults).toEqual([{ name: 'REDIS_URL', found: shown, expected: settingRow('REDIS_URL').expected }])
    expect(error.message).not.toContain('hush')
  })

  it('in a wrong IM_BASE_URL is cut out', () => {
    expect(faultsOf({ ...complete, IM_BASE_URL: 'https://admin:hush@im.example' }).message).toContain(
      'IM_BASE_URL: "https://[redacted]@im.example"',
    )
  })
})

describe('settings that are fine alone but not together', () => {
  const sentinel = { REDIS_SENTINELS: 'a:1', REDIS_SENTINEL_NAME: 'mymaster' }

  it.each([
    ['Sentinels with a name', sentinel],
    ['Cluster nodes', { REDIS_CLUSTER_NODES: 'a:1' }],
    ['Cluster nodes, a password and database 0', { REDIS_CLUSTER_NODES: 'a:1', REDIS_URL: 'redis://:pw@a/0' }],
    ['Sentinels and a database', { ...sentinel, REDIS_URL: 'redis://:pw@a/3' }],
    ['Cluster nodes and a hash tag of ours', { REDIS_CLUSTER_NODES: 'a:1', REDIS_PREFIX: 'x{y}z' }],
  ])('go together: %s', (_, environment) => {
    expect(loadSettings(environment, redisSettings)).toBeDefined()
  })

  it.each([
    ['Sentinels without a name', { REDIS_SENTINELS: 'a:1' }, ['REDIS_SENTINEL_NAME']],
    ['a name without Sentinels', { REDIS_SENTINEL_NAME: 'mymaster' }, ['REDIS_SENTINELS']],
    ['a name with Sentinels that are wrong', { ...sentinel, REDIS_SENTINELS: 'a' }, ['REDIS_SENTINELS']],
    ['Sentinels and Cluster nodes', { ...sentinel, REDIS_CLUSTER_NODES: 'a:1' }, ['REDIS_CLUSTER_NODES']],
    ['Cluster nodes without a hash tag', { REDIS_CLUSTER_NODES: 'a:1', REDIS_PREFIX: 'x' }, ['REDIS_PREFIX']],
    ['Cluster nodes and an empty hash tag', { REDIS_CLUSTER_NODES: 'a:1', REDIS_PREFIX: '{}{x}' }, ['REDIS_PREFIX']],
    ['Cluster nodes and a prefix that is wrong', { REDIS_CLUSTER_NODES: 'a:1', REDIS_PREFIX: 'a b' }, ['REDIS_PREFIX']],
    ['Cluster nodes and a database', { REDIS_CLUSTER_NODES: 'a:1', REDIS_URL: 'redis://:pw@a/03' }, ['REDIS_URL']],
  ])('are reported once each: %s', (_, environment, names) => {
    const error = faultsOf(environment, redisSettings)
    expect(namesOf(error)).toEqual(names)
    expect(error.message).not.toContain('undefined')
    expect(error.message).not.toContain(':pw@')
  })
})

describe('a secret in the wrong place', () => {
  const SECRET = 'S3cretPw'
  it.each([
    ['REDIS_CLUSTER_NODES', `redis://u:${SECRET}@h:1`],
    ['REDIS_CLUSTER_NODES', `h:1,u:${SECRET}`],
    ['REDIS_SENTINELS', `u:${SECRET}@h:26379`],
    ['REDIS_URL', `redis://u:${SECRET}@h/x`],
    ['REDIS_URL', `redis://u:${SECRET}`],
    ['IM_BASE_URL', `https://u:${SECRET}@im.example`],
    ['IM_SDK_APP_ID', `a made-up key with ${SECRET}`],
    ['IM_ADMIN', `a made-up key with ${SECRET} in the middle`],
    ['HTTP_HOST', `${SECRET} ${'0123456789abcdef'.repeat(4)}`],
    ['LOG_LEVEL', `${SECRET}${'0123456789abcdef'.repeat(4)}`],
  ])('such as %s is not shown', (name, value) => {
    const error = faultsOf({ ...complete, REDIS_SENTINEL_NAME: 'm', [name]: value })
    expect(namesOf(error)).toContain(name)
    expect(error.message).not.toContain(SECRET)
  })

  it('leaves a short wrong value to be seen', () => {
    expect(faultsOf({ ...complete, HTTP_PORT: '94640' }).message).toContain('HTTP_PORT: "94640"')
  })
})

describe('REDIS_URL_FILE', () => {
  it('gives the URL, so that its password stands in no environment', async () => {
    const file = await secretFile('redis-url', 'rediss://user:hush@redis.example:6380/1\n')
    const { REDIS_URL } = loadSettings({ REDIS_URL_FILE: file }, redisSettings)
    expect(REDIS_URL).toBe('rediss://user:hush@redis.example:6380/1')
  })

  it.each([
    ['that cannot be read', () => '/nowhere/redis-url', 'cannot be read (ENOENT)'],
    [
      'whose text is no such URL',
      () => secretFile('wrong-url', 'http://:hush@redis.example'),
      'a value that does not fit',
    ],
  ])('%s is a fault', async (_, file, found) => {
    const { message } = faultsOf({ REDIS_URL_FILE: await file() }, redisSettings)
    expect(message).toContain('REDIS_URL_FILE: ')
    expect(message).toContain(found)
    expect(message).not.toContain('hush')
  })

  it('beside REDIS_URL is a fault, since it is not clear which counts', () => {
    const error = faultsOf({ REDIS_URL: 'redis://h', REDIS_URL_FILE: '/run/secrets/redis-url' }, redisSettings)
    expect(error.message).toContain('REDIS_URL: set, and REDIS_URL_FILE is set too')
  })
})
