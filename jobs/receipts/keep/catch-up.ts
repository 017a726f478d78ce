import type { RedisConnection } from '../../../redis/connection.ts'
import { keysOf } from '../../../redis/keys.ts'
import type { LogInRedis } from '../keys/log-identity.ts'
import type { ReceiptSeals } from '../keys/receipt-seals.ts'
import { followLog } from '../read/follow-log.ts'
import { readKeyChanges } from '../read/key-chain.ts'
import { type LogFault, LogFollower } from '../read/log-follower.ts'
import { type LogFields, readBase, readState } from '../read/log-state.ts'
import { readNewestSeq } from '../read/read-entries.ts'

/** The log as a keeper found it at the begin of its turn. */
export interface FoundLog {
  readonly redis: RedisConnection
  readonly prefix: string
  readonly seals: ReceiptSeals
  readonly identity: LogInRedis
  readonly fields: LogFields
  /** Number of the newest entry. */
  readonly newest: number
}

/**
 * Follows the log up to a number, and looks whether all fits that is behind it.
 *
 * @param own how far this process has followed the log before; it stays as it is. Default: as far as Redis says
 * @returns the follower at that number, or the first fault
 */
export async function catchUp(
  log: FoundLog,
  own: LogFollower | undefined,
  to: number,
): Promise<LogFollower | LogFault> {
  const { redis, prefix, newest } = log
  if (own !== undefined && newest < own.size)
    return { seq: newest + 1, what: `entries from ${newest + 1} on are gone, which a head covers` }
  const count = await redis.xlen(keysOf(prefix).receipts)
  const follower = own?.copy() ?? (await fromState(log))
  const fault = await followSigned(log, follower, to)
  if (fault !== undefined) return fault
  if (count < newest - baseOf(log) - follower.missing) return followWhole(log, to)
  const ahead = follower.copy()
  // Signatures are checked once, before a head covers them; this looks for numbers that are missing.
  const later = await followLog(redis, prefix, ahead, { to: newest, checkSignature: false })
  const missing = ahead.numbers.missing[0]
  if (later === undefined && missing !== undefined) {
    return { seq: ahead.size, what: `entry ${missing.n} of sealer ${missing.sealer} is missing` }
  }
  return later ?? follower
}

/** Whether an entry of the log in Redis, followed on its own, says that heads of so many entries are lost. */
export async function isToldAsLost(log: FoundLog, size: number): Promise<boolean> {
  const { redis, prefix } = log
  const other = await fromState(log)
  const to = await readNewestSeq(redis, prefix)
  const fault = await followLog(redis, prefix, other, { to, checkSignature: true })
  return fault === undefined && other.lostHeads.some(lost => lost.size >= size)
}

/** Follows without checks of signatures as far as another keeper has signed, and compares the roots there. */
async function followSigned(
  { redis, prefix, seals, identity, fields }: FoundLog,
  follower: LogFollower,
  to: number,
): Promise<LogFault | undefined> {
  const signed = readState(identity.fleetId, seals, fields.stateText)
  if (signed !== undefined && signed.size > follower.size) {
    const from = follower.size
    const fault = await followLog(redis, prefix, follower, { to: signed.size, checkSignature: false })
    if (fault !== undefined) return fault
    const isSame = new LogFollower(identity, seals, signed).range.root().equals(follower.range.root())
    const what = `the log has another past than the head of ${from} entries that this worker knows`
    if (!isSame) return { seq: from + 1, what }
  }
  return followLog(redis, prefix, follower, { to: Math.max(to, follower.size), checkSignature: true })
}

/**
 * Where entries are gone that were followed before, follows the whole log again: it begins anew without them, once a
 * person has taken note of it.
 */
async function followWhole(log: FoundLog, to: number): Promise<LogFollower | LogFault> {
  const whole = await fromBase(log)
  const options = { to: Math.max(to, baseOf(log)), checkSignature: true }
  return (await followLog(log.redis, log.prefix, whole, options)) ?? whole
}

const baseOf = ({ identity, seals, fields }: FoundLog): number =>
  readBase(identity.fleetId, seals, fields.baseText)?.head.size ?? 0

async function fromState(log: FoundLog): Promise<LogFollower> {
  const { identity, seals, fields } = log
  const state = readState(identity.fleetId, seals, fields.stateText)
  return state === undefined ? fromBase(log) : new LogFollower(identity, seals, state)
}

async function fromBase({ redis, prefix, identity, seals, fields }: FoundLog): Promise<LogFollower> {
  const base = readBase(identity.fleetId, seals, fields.baseText)
  const changes = base === undefined ? await readKeyChanges(redis, prefix, identity, seals.signing.publicKey) : []
  return LogFollower.from(identity, seals, base?.state, changes)
}
