import { describe, expect, it } from 'vitest'
import { Secret } from '../../../config/secret.ts'
import { parseSetting, SETTING_NAMES, type SettingName, settingRow } from '../../../config/settings.ts'
import { TEST_RECEIPT_KEY } from '../../helpers/receipts/settling.ts'

interface Row {
  readonly good: readonly (readonly [text: string, parsed: unknown])[]
  readonly bad: readonly string[]
}

const wholeNumber = (least: number, most: number): Row => ({
  good: [
    [String(least), least],
    [String(most), most],
    ['007', 7],
  ],
  bad: [String(most + 1), '1.5', '-1', '+1', '1e3', '0x10', ' 1', '1 ', 'ten', '١', '9'.repeat(16)],
})

const anyNumber = (least: number, most: number): Row => ({
  good: [
    [String(least), least],
    [String(most), most],
    ['0.25', 0.25],
  ],
  bad: [String(most + 0.5), '-0.1', '.5', '1.', '1,5', '1e-3', 'NaN', 'Infinity', ' 1'],
})

const hosts: Row = {
  good: [
    ['a.example:1', [{ host: 'a.example', port: 1 }]],
    [
      ' 127.0.0.1:26379 , b:65535 ',
      [
        { host: '127.0.0.1', port: 26_379 },
        { host: 'b', port: 65_535 },
      ],
    ],
  ],
  bad: ['a.example', 'a.example:', ':1', 'a:0', 'a:65536', 'a:1,', 'a:1 b:2', 'a:x', 'redis://a:1', '[::1]:1'],
}

const url = (...texts: string[]): Row['good'] => texts.map(text => [text, text])
const same = url

const rows: Readonly<Record<SettingName, Row>> = {
  REDIS_URL: {
    good: url(
      'redis://127.0.0.1:6379',
      'rediss://redis.example',
      'redis://[::1]:6380/2',
      'redis://user:p%40ss@redis.example:6379/15',
      'redis://:only-password@redis.example/',
    ),
    bad: [
      'redis.example:6379',
      'localhost',
      'http://redis.example',
      'redis://',
      'redis://redis.example:65536',
      'redis://redis.example/one',
      'redis://redis.example/1/2',
      'redis://redis.example?db=1',
      'redis://redis.example#1',
      'redis://:100%@redis.example',
    ],
  },
  REDIS_SENTINELS: hosts,
  REDIS_SENTINEL_NAME: { good: same('mymaster'), bad: [] },
  REDIS_CLUSTER_NODES: hosts,
  REDIS_PREFIX: {
    good: same('{clear-friends}', 'x', 'a:b', '~'.repeat(64)),
    bad: ['a b', 'ä', 'a\n', '~'.repeat(65)],
  },
  IM_BASE_URL: {
    good: url(
      'https://im.example',
      'https://im.example/',
      'https://im.example:8443',
      'http://127.0.0.1:9000',
      'http://127.8.9.1',
      'http://localhost:9000',
      'http://[::1]:9000',
    ),
    bad: [
      'im.example',
      'https://',
      'ftp://im.example',
      'http://im.example',
      'http://127.0.0.1.im.example',
      'http://localhost.im.example',
      'https://im.example/v4',
      'https://im.example?x=1',
      'https://im.example/#x',
      'https://admin:key@im.example',
    ],
  },
  IM_SDK_APP_ID: wholeNumber(1, 4_294_967_295),
  IM_ADMIN: { good: same('administrator', 'a'.repeat(32)), bad: ['a'.repeat(33), 'a b', 'ädmin', 'a\n'] },
  IM_SECRET_KEY: { good: same('any text at all'), bad: [] },
  RATE_LIMIT_PER_SECOND: wholeNumber(1, 1_000_000),
  RATE_LIMIT_MARGIN: anyNumber(0, 0.5),
  VERIFY: {
    good: [
      ['all', 1],
      ['off', 0],
      ['0.05', 0.05],
      ['0', 0],
      ['1', 1],
      ['1.0', 1],
    ],
    bad: ['1.01', '2', '-0.1', '5%', 'ALL', 'none', '.5', ' all'],
  },
  WORKER_CONCURRENCY: wholeNumber(1, 10_000),
  MAX_ATTEMPTS: wholeNumber(1, 1000),
  MISSING_SHARE: {
    good: [
      ['0', 0],
      ['0.35', 0.35],
      ['1', 1],
    ],
    bad: ['20%', '-0.1', '1.1', '.5', 'never'],
  },
  DUE_DAYS: anyNumber(0, 3650),
  RECEIPT_KEY: {
    good: [...same(TEST_RECEIPT_KEY), ...same(Buffer.from(TEST_RECEIPT_KEY, 'hex').toString('base64'))],
    bad: [
      'a'.repeat(64),
      'any text of thirty-two characters',
      TEST_RECEIPT_KEY.slice(1),
      `${TEST_RECEIPT_KEY.slice(1)}x`,
    ],
  },
  RECEIPT_DAYS: wholeNumber(1, 36_500),
  HTTP_HOST: { good: same('0.0.0.0', '::1', 'worker.example'), bad: [' ', 'a b', 'a\n'] },
  HTTP_PORT: wholeNumber(0, 65_535),
  DRAIN_SECONDS: anyNumber(0, 3600),
  LOG_LEVEL: {
    good: same('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    bad: ['INFO', 'verbose', '30', ' info'],
  },
}

const goodRows = Object.entries(rows).flatMap(([name, { good }]) =>
  good.map(([text, parsed]) => ({ name: name as SettingName, text, parsed })),
)
const badRows = Object.entries(rows).flatMap(([name, { bad }]) =>
  bad.map(text => ({ name: name as SettingName, text })),
)

describe('the table of settings', () => {
  it.each(goodRows)('takes $text for $name', ({ name, text, parsed }) => {
    const given = settingRow(name).secret ? Secret.fromText(text) : text
    const result = parseSetting(name, given)
    expect(result).toMatchObject({ success: true })
    expect(result.data instanceof Secret ? result.data.reveal() : result.data).toEqual(parsed)
  })

  it.each(badRows)('refuses $text for $name, as a value and not with an exception', ({ name, text }) => {
    const given = settingRow(name).secret ? Secret.fromText(text) : text
    expect(parseSetting(name, given).success).toBe(false)
  })

  it('has a row of tests for every setting', () => {
    expect(Object.keys(rows).sort()).toEqual([...SETTING_NAMES].sort())
  })

  it('has only defaults that its own schemas take', () => {
    for (const name of SETTING_NAMES) {
      if (settingRow(name).default !== undefined) expect(parseSetting(name, undefined).success, name).toBe(true)
    }
  })
})
