import { z } from 'zod'

/**
 * The one table of settings: what an operator may set, through the environment and nothing else.
 *
 * Each entry has the schema that parses the variable's text, the default (as text, or none), whether one is required,
 * whether its value may be shown, and the sentence for people. `docs/configuration.md` is checked against it.
 * Secrets have a twin `<NAME>_FILE` that names a file; the twin is not listed here.
 */
export const settingsTable = {
  REDIS_URL: setting({
    schema: z.url({ protocol: /^rediss?$/, hostname: /.+/, abort: true }).refine(isRedisUrl),
    expected: 'redis://[user:password@]host[:port][/db], percent-encoded, or rediss:// for TLS',
    default: 'redis://127.0.0.1:6379',
    showsAs: 'url',
    meaning: 'Where Redis is. User and password also hold for Sentinel and Cluster, the database number for Sentinel.',
  }),
  REDIS_SENTINELS: setting({
    schema: hostList(),
    expected: 'host:port, more of them after commas',
    meaning:
      'The Sentinels that know the primary; needs `REDIS_SENTINEL_NAME`. The host of `REDIS_URL` is not used then.',
  }),
  REDIS_SENTINEL_NAME: setting({
    schema: z.string().min(1),
    expected: 'the name that the Sentinels give the primary',
    meaning: 'Which primary to ask the Sentinels for.',
  }),
  REDIS_CLUSTER_NODES: setting({
    schema: hostList(),
    expected: 'host:port, more of them after commas',
    meaning: 'Some nodes of a Redis Cluster. The host of `REDIS_URL` is not used then.',
  }),
  REDIS_PREFIX: setting({
    schema: z.string().regex(/^[\x21-\x7e]{1,64}$/),
    expected: '1 to 64 printable characters without spaces',
    default: '{clear-friends}',
    meaning: 'Key prefix with its hash tag, so that all keys live in one slot of a Redis Cluster.',
  }),
  IM_BASE_URL: setting({
    schema: z.url({ protocol: /^https?$/, hostname: /.+/, abort: true }).refine(isSafeBaseUrl),
    expected: 'https:// and the domain of the app’s data centre, without a path; http:// only for a loopback address',
    required: true,
    showsAs: 'url',
    meaning: 'The vendor’s API. The domain must belong to the region of the app.',
  }),
  IM_SDK_APP_ID: setting({
    schema: integer(1, 4_294_967_295),
    expected: 'a whole number, as the vendor’s console shows it',
    required: true,
    meaning: 'The SDKAppID of the app.',
  }),
  IM_ADMIN: setting({
    schema: z.string().regex(/^[\x21-\x7e]{1,32}$/),
    expected: 'the user id of an app administrator, 1 to 32 printable characters',
    required: true,
    meaning: 'The app admin account that signs every call.',
  }),
  IM_SECRET_KEY: setting({
    schema: z.string().min(1),
    expected: 'the app’s secret key',
    required: true,
    secret: true,
    meaning:
      'The key that signs. The file form is read again when the vendor refuses the key, so that it can be rotated.',
  }),
  RATE_LIMIT_PER_SECOND: setting({
    schema: integer(1, 1_000_000),
    expected: 'a whole number from 1 to 1000000',
    default: '200',
    unit: 'calls per second',
    meaning: 'The vendor’s ceiling, per command, for the whole fleet.',
  }),
  RATE_LIMIT_MARGIN: setting({
    schema: number(0, 0.5),
    expected: 'a number from 0 to 0.5',
    default: '0.01',
    unit: 'share of the ceiling',
    meaning: 'What is kept off the ceiling, so that a call that travels some milliseconds longer breaks nothing.',
  }),
  VERIFY: setting({
    schema: z
      .string()
      .regex(/^(all|off|0(\.\d+)?|1(\.0+)?)$/)
      .transform(text => (text === 'all' ? 1 : text === 'off' ? 0 : Number(text))),
    expected: 'all, off, or a share from 0 to 1 such as 0.05',
    default: 'all',
    meaning: 'Of how many accounts the friend list is read after the delete, to prove that it is empty.',
  }),
  WORKER_CONCURRENCY: setting({
    schema: integer(1, 10_000),
    expected: 'a whole number from 1 to 10000',
    default: '256',
    unit: 'jobs',
    meaning: 'Jobs in hand per process.',
  }),
  MAX_ATTEMPTS: setting({
    schema: integer(1, 1000),
    expected: 'a whole number from 1 to 1000',
    default: '15',
    unit: 'attempts',
    meaning: 'Attempts of a job before it becomes a dead letter.',
  }),
  DUE_DAYS: setting({
    schema: number(0, 3650),
    expected: 'a number from 0 to 3650',
    default: '30',
    unit: 'days',
    meaning: 'The due date of a job whose producer gives none.',
  }),
  RECEIPT_KEY: setting({
    schema: z.string().min(32),
    expected: 'a random text of at least 32 characters that only you know',
    required: true,
    secret: true,
    meaning:
      'The key of pseudonyms and seals in receipts. It must be kept as long as the receipts: without it nobody can tell whether they are genuine.',
  }),
  RECEIPT_DAYS: setting({
    schema: integer(1, 36_500),
    expected: 'a whole number from 1 to 36500',
    default: '400',
    unit: 'days',
    meaning: 'How long receipts, and the figures of a request that is done, stay in Redis.',
  }),
  HTTP_HOST: setting({
    schema: z.string().regex(/^\S+$/),
    expected: 'an address or a host name',
    default: '127.0.0.1',
    meaning: 'Where a worker listens for health checks and metrics.',
  }),
  HTTP_PORT: setting({
    schema: integer(0, 65_535),
    expected: 'a port number; 0 takes any free one and logs it',
    default: '9464',
    meaning: 'The port of health checks and metrics.',
  }),
  DRAIN_SECONDS: setting({
    schema: number(0, 3600),
    expected: 'a number from 0 to 3600',
    default: '25',
    unit: 'seconds',
    meaning: 'After SIGTERM: how long to finish what is sent; the rest is handed back.',
  }),
  LOG_LEVEL: setting({
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    expected: 'trace, debug, info, warn, error, fatal or silent',
    default: 'info',
    meaning: 'The least severe log line that is written.',
  }),
} as const

/** The name of a setting, which is the name of its environment variable. */
export type SettingName = keyof typeof settingsTable

/** One row of the table. `T` is what the variable's text becomes. */
export interface Setting<T, Always extends boolean, IsSecret extends boolean> {
  readonly schema: z.ZodType<T, string>
  readonly expected: string
  readonly meaning: string
  readonly default?: string
  readonly unit?: string
  /** Whether a value is always there: required, or with a default. */
  readonly always: Always
  readonly required: boolean
  readonly secret: IsSecret
  /** How a wrong value is shown: as it is, or as a URL without what may be a password. */
  readonly showsAs: 'text' | 'url'
}

interface SettingInput<T> {
  schema: z.ZodType<T, string>
  expected: string
  meaning: string
  default?: string
  required?: true
  secret?: true
  unit?: string
  showsAs?: 'url'
}

type AlwaysOf<I> = I extends { default: string } | { required: true } ? true : false
type SecretOf<I> = I extends { secret: true } ? true : false

function setting<T, const I extends SettingInput<T>>(
  input: I & { schema: z.ZodType<T, string> },
): Setting<T, AlwaysOf<I>, SecretOf<I>> {
  return {
    ...input,
    always: (input.default !== undefined || input.required === true) as AlwaysOf<I>,
    required: input.required === true,
    secret: (input.secret === true) as SecretOf<I>,
    showsAs: input.showsAs ?? 'text',
  }
}

function integer(least: number, most: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .pipe(z.int().min(least).max(most))
}

function number(least: number, most: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d+(\.\d+)?$/)
    .transform(Number)
    .pipe(z.number().min(least).max(most))
}

/** A host and a port, as connections to Sentinels and Cluster nodes need them. */
export interface HostAndPort {
  readonly host: string
  readonly port: number
}

function hostList(): z.ZodType<readonly HostAndPort[], string> {
  return z
    .string()
    .regex(/^\s*[^\s,:]+:\d{1,5}(\s*,\s*[^\s,:]+:\d{1,5})*\s*$/)
    .transform(text =>
      text.split(',').map(part => {
        const [host = '', port = ''] = part.trim().split(':')
        return { host, port: Number(port) }
      }),
    )
    .pipe(z.array(z.object({ host: z.string(), port: z.int().min(1).max(65_535) })))
}

function isRedisUrl(text: string): boolean {
  const url = new URL(text)
  const bare = /^\/?\d*$/.test(url.pathname) && url.search === '' && url.hash === ''
  return bare && isPercentEncoded(url.username) && isPercentEncoded(url.password)
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

function isSafeBaseUrl(text: string): boolean {
  const url = new URL(text)
  const bare =
    (url.pathname === '/' || url.pathname === '') && url.search === '' && url.hash === '' && url.username === ''
  return bare && (url.protocol === 'https:' || isLoopback(url.hostname))
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
