import { z } from 'zod'
import { parseReceiptKey } from './receipt-key.ts'
import { hostList, integer, isRedisUrl, isSafeBaseUrl, number, secret } from './setting-schemas.ts'

/** Facts of a setting for people, besides its schema. */
interface About {
  /** Description of a right value. */
  readonly expected: string
  readonly meaning: string
  readonly unit?: string
  /** The value is never shown, and may come from a file that `<NAME>_FILE` names. */
  readonly secret?: true
  /** The value may come from a file that `<NAME>_FILE` names, since it may hold a password. */
  readonly fileToo?: true
  /** How a wrong value is shown: a URL without its password, or not at all. Default: as it is, if it is short. */
  readonly showsAs?: 'url' | 'nothing'
}

const about = z.registry<About>()

/**
 * The table of all settings. An operator sets them in the environment and nowhere else.
 *
 * Each entry is a schema that parses the variable's text, with its default as text (`prefault`) or `optional`, and
 * facts for people. `docs/configuration.md` is made from this table.
 */
const settingsSchema = z.object({
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, hostname: /.+/, abort: true })
    .refine(isRedisUrl)
    .prefault('redis://127.0.0.1:6379')
    .register(about, {
      expected: 'redis://[user:password@]host[:port][/db], percent-encoded, or rediss:// for TLS',
      showsAs: 'url',
      fileToo: true,
      meaning:
        'Where Redis is. User and password also hold for Sentinel and Cluster, the database number for Sentinel.',
    }),
  REDIS_SENTINELS: hostList().optional().register(about, {
    showsAs: 'nothing',
    expected: 'host:port, more of them after commas',
    meaning:
      'The Sentinels that know the primary; needs `REDIS_SENTINEL_NAME`. The host of `REDIS_URL` is not used then.',
  }),
  REDIS_SENTINEL_NAME: z.string().min(1).optional().register(about, {
    showsAs: 'nothing',
    expected: 'the name that the Sentinels give the primary',
    meaning: 'Which primary to ask the Sentinels for.',
  }),
  REDIS_CLUSTER_NODES: hostList().optional().register(about, {
    showsAs: 'nothing',
    expected: 'host:port, more of them after commas',
    meaning: 'Some nodes of a Redis Cluster. The host of `REDIS_URL` is not used then.',
  }),
  REDIS_PREFIX: z
    .string()
    .regex(/^[\x21-\x7e]{1,64}$/)
    .prefault('{clear-friends}')
    .register(about, {
      expected: '1 to 64 printable characters without spaces',
      meaning: 'Key prefix with its hash tag, so that all keys live in one slot of a Redis Cluster.',
    }),
  IM_BASE_URL: z
    .url({ protocol: /^https?$/, hostname: /.+/, abort: true })
    .refine(isSafeBaseUrl)
    .register(about, {
      expected: 'https:// and the domain of the app’s data centre, without a path; http:// only for a loopback address',
      showsAs: 'url',
      meaning: 'The vendor’s API. The domain must belong to the region of the app.',
    }),
  IM_SDK_APP_ID: integer(1, 4_294_967_295).register(about, {
    expected: 'a whole number, as the vendor’s console shows it',
    meaning: 'The SDKAppID of the app.',
  }),
  IM_ADMIN: z
    .string()
    .regex(/^[\x21-\x7e]{1,32}$/)
    .register(about, {
      expected: 'the user id of an app administrator, 1 to 32 printable characters',
      meaning: 'The app admin account that signs every call.',
    }),
  IM_SECRET_KEY: secret(z.string().min(1)).register(about, {
    secret: true,
    expected: 'the app’s secret key',
    meaning:
      'The key that signs. The file form is read again when the vendor refuses the key, so that it can be rotated.',
  }),
  RATE_LIMIT_PER_SECOND: integer(1, 1_000_000).prefault('200').register(about, {
    expected: 'a whole number from 1 to 1000000',
    unit: 'calls per second',
    meaning: 'The vendor’s ceiling, per command, for the whole fleet.',
  }),
  RATE_LIMIT_MARGIN: number(0, 0.5).prefault('0.01').register(about, {
    expected: 'a number from 0 to 0.5',
    unit: 'share of the ceiling',
    meaning: 'What is kept off the ceiling, so that a call that travels some milliseconds longer breaks nothing.',
  }),
  VERIFY: z
    .string()
    .regex(/^(all|off|0(\.\d+)?|1(\.0+)?)$/)
    .transform(text => (text === 'all' ? 1 : text === 'off' ? 0 : Number(text)))
    .prefault('all')
    .register(about, {
      expected: 'all, off, or a share from 0 to 1 such as 0.05',
      meaning: 'Of how many accounts the friend list is read after the delete, to prove that it is empty.',
    }),
  WORKER_CONCURRENCY: integer(1, 10_000).prefault('256').register(about, {
    expected: 'a whole number from 1 to 10000',
    unit: 'jobs',
    meaning: 'Most jobs in hand per process; it takes fewer where fewer are worked on.',
  }),
  MAX_ATTEMPTS: integer(1, 1000).prefault('15').register(about, {
    expected: 'a whole number from 1 to 1000',
    unit: 'attempts',
    meaning: 'Attempts of a job before it becomes a dead letter.',
  }),
  MISSING_SHARE: number(0, 1).prefault('0.2').register(about, {
    expected: 'a share from 0 to 1 such as 0.3; 1 never halts',
    meaning: 'Share of the last 50 accounts that may be not imported before the fleet halts with `too_many_missing`.',
  }),
  DUE_DAYS: number(0, 3650).prefault('30').register(about, {
    expected: 'a number from 0 to 3650',
    unit: 'days',
    meaning: 'The due date of a job whose producer gives none.',
  }),
  RECEIPT_KEY: secret(z.string().refine(text => parseReceiptKey(text) !== undefined)).register(about, {
    secret: true,
    expected:
      'at least 256 random bits as 64 hex digits or base64 of 32 bytes, as `clear-friends receipts new-key` makes them',
    meaning:
      'The secret from which the keys of receipts are derived: the one that signs, and the one of pseudonyms. It must be kept as long as the receipts: without it nobody can tell whose they are.',
  }),
  RECEIPT_DAYS: integer(1, 36_500).prefault('400').register(about, {
    expected: 'a whole number from 1 to 36500',
    unit: 'days',
    meaning: 'How long receipts, and the figures of a request that is done, stay in Redis.',
  }),
  HTTP_HOST: z.string().regex(/^\S+$/).prefault('127.0.0.1').register(about, {
    expected: 'an address or a host name',
    meaning: 'Where a worker listens for health checks and metrics.',
  }),
  HTTP_PORT: integer(0, 65_535).prefault('9464').register(about, {
    expected: 'a port number; 0 takes any free one and logs it',
    meaning: 'The port of health checks and metrics.',
  }),
  DRAIN_SECONDS: number(0, 3600).prefault('25').register(about, {
    expected: 'a number from 0 to 3600',
    unit: 'seconds',
    meaning: 'After SIGTERM: how long to finish what is sent; the rest is handed back.',
  }),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).prefault('info').register(about, {
    expected: 'trace, debug, info, warn, error, fatal or silent',
    meaning: 'The least severe log line that is written.',
  }),
})

/** Name of a setting, which is also its environment variable. */
export type SettingName = keyof typeof settingsSchema.shape

/** Names of all settings, in the order of the docs. */
export const SETTING_NAMES: readonly SettingName[] = settingsSchema.keyof().options

/** Parsed settings by name; a secret is a {@link Secret}. */
export type Settings<N extends SettingName = SettingName> = Readonly<Pick<z.infer<typeof settingsSchema>, N>>

/** Facts of a setting for people and for the loader. */
export interface SettingRow extends About {
  /** Default as text. */
  readonly default: string | undefined
  readonly required: boolean
}

/** Gives the facts of a setting. */
export function settingRow(name: SettingName): SettingRow {
  const schema = settingsSchema.shape[name]
  const said = about.get(schema)
  if (said === undefined) throw new Error(`nothing is said of the setting ${name}`)
  const text = schema instanceof z.ZodPrefault ? z.string().parse(schema.def.defaultValue) : undefined
  return { ...said, default: text, required: !schema.safeParse(undefined).success }
}

/** Parses a setting from its text or {@link Secret}; `undefined` stands for the default. */
export const parseSetting = (name: SettingName, found: unknown): z.ZodSafeParseResult<unknown> =>
  settingsSchema.shape[name].safeParse(found)
