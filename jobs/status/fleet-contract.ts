import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Settings } from '../../config/settings.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { createRedisScript } from '../../redis/redis-script.ts'
import { ForeignFleetError, ReceiptKeyError } from '../job/errors.ts'
import type { ReceiptSeals } from '../receipts/keys/receipt-seals.ts'

const script = readFileSync(new URL('./bind.lua', import.meta.url), 'utf8')

/** Version of the data that this program keeps in Redis and understands. */
export const DATA_VERSION = 1

/** What all members of a fleet have in common. A member that differs must not work on the fleet's jobs. */
export interface FleetContract {
  /** The app's SDKAppID. */
  readonly app: number
  /** Host name of the vendor, which stands for the app's data centre. */
  readonly host: string
  /** Id of the receipt key, which does not reveal the key. */
  readonly key: string
  /** Version of the data in Redis. */
  readonly version: number
}

const unset = z.null().transform(() => undefined)
const storedSchema = z
  .tuple([
    z.union([unset, z.coerce.number()]),
    z.union([unset, z.string()]),
    z.union([unset, z.string()]),
    z.union([unset, z.coerce.number()]),
  ])
  .transform(([app, host, key, version]) => ({ app, host, key, version }))

/** A contract as Redis holds it: what is missing was never written, or was lost. */
export type StoredContract = Readonly<z.infer<typeof storedSchema>>

/** Gives a contract as the text that the permit script compares. */
export const contractText = ({ app, host, key, version }: FleetContract): string => [app, host, key, version].join('|')

/** Gives the host name that stands for the app's data centre. */
export const hostOf = ({ IM_BASE_URL }: Settings<'IM_BASE_URL'>): string => new URL(IM_BASE_URL).hostname

/** Makes the contract that a worker's settings name. */
export const contractOf = (
  settings: Settings<'IM_SDK_APP_ID' | 'IM_BASE_URL'>,
  { keyId }: Pick<ReceiptSeals, 'keyId'>,
): FleetContract => ({
  app: settings.IM_SDK_APP_ID,
  host: hostOf(settings),
  key: keyId,
  version: DATA_VERSION,
})

/** Reads to what a fleet is bound. */
export async function readContract(redis: RedisConnection, prefix: string): Promise<StoredContract> {
  return storedSchema.parse(await redis.hmget(keysOf(prefix).fleet, 'app', 'host', 'key', 'version'))
}

/**
 * Binds a fleet to this contract if it is the first one, and makes sure that it is the fleet's. Safe to repeat.
 *
 * @throws {ForeignFleetError} when the fleet is bound to another app, host, key or version; nothing was written
 */
export async function bindFleet(redis: RedisConnection, prefix: string, contract: FleetContract): Promise<void> {
  requireSame(await write(redis, prefix, 'bind', contract), contract)
}

/** Binds a fleet to another contract. The caller has made sure that the fleet is empty. */
export async function rebindFleet(redis: RedisConnection, prefix: string, contract: FleetContract): Promise<void> {
  await write(redis, prefix, 'rebind', contract)
}

/**
 * Makes sure that a fleet is the one that a command means. Reads only. A fleet that no worker has bound yet suits all.
 *
 * @param known what the command knows of the contract
 * @throws {ForeignFleetError} when the fleet's contract differs from it
 */
export async function requireFleet(
  redis: RedisConnection,
  prefix: string,
  known: Partial<FleetContract> = {},
): Promise<void> {
  requireSame(await readContract(redis, prefix), { version: DATA_VERSION, ...known })
}

/**
 * Makes sure that the fleet's key is this one. Reads only: only a worker decides which key counts. A fleet that no worker
 * has bound yet suits all keys.
 *
 * @throws {ReceiptKeyError} when it is another one
 */
export async function requireKey(
  redis: RedisConnection,
  prefix: string,
  { keyId }: Pick<ReceiptSeals, 'keyId'>,
): Promise<void> {
  const { key } = await readContract(redis, prefix)
  if (key !== undefined && key !== keyId) throw new ReceiptKeyError()
}

async function write(
  redis: RedisConnection,
  prefix: string,
  mode: 'bind' | 'rebind',
  { app, host, key, version }: FleetContract,
): Promise<StoredContract> {
  const run = createRedisScript(redis, 'clearFriendsBind', script)
  return storedSchema.parse(await run([keysOf(prefix).fleet], [mode, app, host, key, version]))
}

const KEY_ID_SHOWN = 12

/** How each part is called, and what to compare it with. */
const PARTS = {
  app: ['the app', 'IM_SDK_APP_ID'],
  host: ['the vendor’s host', 'IM_BASE_URL'],
  key: ['the receipt key', 'RECEIPT_KEY'],
  version: ['the data version', 'this program'],
} as const satisfies Record<keyof FleetContract, readonly [string, string]>

/** Shortens a key's id for people; the whole one is compared. */
export const shortKeyId = (key: string): string => key.slice(0, KEY_ID_SHOWN)

function requireSame(stored: StoredContract, own: Partial<FleetContract>): void {
  const differences = (['app', 'host', 'key', 'version'] as const).flatMap(part => {
    const [there, here] = [stored[part], own[part]]
    if (there === undefined || here === undefined || there === here) return []
    const shown = (value: string | number) => (part === 'key' ? shortKeyId(String(value)) : value)
    const [what, where] = PARTS[part]
    return [`${what} is ${shown(there)}, but ${where} says ${shown(here)}`]
  })
  if (differences.length === 0) return
  const isNewer = (stored.version ?? 0) > DATA_VERSION
  throw new ForeignFleetError(differences, isNewer ? UPGRADE : OWN_PREFIX)
}

const UPGRADE = 'Upgrade this program, see docs/upgrading.md.'
const OWN_PREFIX =
  'Mend the setting, or give this app a REDIS_PREFIX of its own; `clear-friends fleet rebind` moves a fleet that is empty.'
