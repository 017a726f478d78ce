import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { RedisConnection } from '../../../redis/connection.ts'
import { keysOf } from '../../../redis/keys.ts'
import { createRedisScript } from '../../../redis/redis-script.ts'
import { type LogInRedis, lookUpIdentity } from '../keys/log-identity.ts'
import type { Sealer } from '../keys/sealer.ts'
import { signHead } from '../log/head.ts'
import { originOf } from '../log/origin.ts'
import { followLog } from './follow-log.ts'
import type { KeepResult } from './keep-result.ts'
import { readNewestKept } from './kept-heads.ts'
import { readKeyChanges } from './key-chain.ts'
import { type LogFault, LogFollower, type LostHead } from './log-follower.ts'
import { type LogFields, readBase, readLogFields, readState, writeState } from './log-state.ts'
import { Looks } from './looks.ts'
import { readNewestSeq } from './read-entries.ts'
import { type RedisServer, readRedisServer } from './redis-server.ts'
import { redisNow } from './redis-time.ts'
import { reportLostEntries, reportLostHead } from './report-loss.ts'
import { trimLog } from './trim-log.ts'

const keepLua = readFileSync(new URL('./keep.lua', import.meta.url), 'utf8')

/** Parts of a keeper. */
export interface ReceiptKeeperOptions {
  /** The caller closes it. */
  readonly redis: RedisConnection
  readonly prefix: string
  /** Signs heads, and the entries by which the keeper tells of losses. */
  readonly sealer: Sealer
  /** Days that receipts are kept. */
  readonly receiptDays: number
}

/** Kept heads are this many entries apart, or a day: some hundred bytes for each are little then. */
const ENTRIES_BETWEEN = 500
const DAY_MS = 86_400_000
/** Two looks at a fault are at least this long apart: a sealer tells of a loss within its next turn, which is 5 s. */
const LOOK_AGAIN_MS = 9000
/** With `everysec` an entry is safe after 2 s, and a replica confirms once a second. */
const PATIENT_MS = 3500
const PATIENT_STEP_MS = 100

/**
 * Keeps the log of receipts: follows it, checks each new entry, and signs heads of its tree. One process does so at a
 * time; several come to the same result.
 *
 * A keeper remembers how far it was. It signs no head that does not contain the one before, whatever Redis says.
 */
export class ReceiptKeeper {
  readonly #options: ReceiptKeeperOptions
  readonly #runKeep: (keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>
  /** How far this process has followed the log. */
  #follower: LogFollower | undefined
  /** Of which fleet; another one has another log. */
  #fleetId = ''
  /** When the last head that this process knows was signed. */
  #headTime = 0
  #server: RedisServer | undefined
  /** Run id of the Redis that has confirmed the last entries. */
  #sealedOn = ''
  readonly #looks = new Looks()
  #suspect: { readonly at: number } | undefined

  constructor(options: ReceiptKeeperOptions) {
    this.#options = options
    this.#runKeep = createRedisScript(options.redis, 'clearFriendsKeep', keepLua)
  }

  /** Whether the last turn found something that the next one must look at again. */
  get isSuspicious(): boolean {
    return this.#suspect !== undefined
  }

  /**
   * Follows the log as far as no crash of Redis can take it back any more, and signs a head.
   *
   * @param patient whether to wait, some seconds at most, until all entries there are now can be signed
   */
  async keep(patient = false): Promise<KeepResult> {
    const { redis, prefix } = this.#options
    const identity = await this.#identity()
    const fields = await readLogFields(redis, prefix)
    const newest = await readNewestSeq(redis, prefix)
    const server = await this.#look(newest, patient)
    const hasRestarted = this.#server !== undefined && this.#server.runId !== server.runId
    this.#server ??= server
    const followed = await this.#follow(identity, fields, { to: this.#looks.newestSafe(server), newest })
    if ('what' in followed) return this.#found(followed, fields, newest, hasRestarted)
    if (fields.broken !== undefined && followed.acknowledgedSeq <= fields.broken.newest)
      return { kind: 'broken', fault: fields.broken }
    this.#suspect = undefined
    this.#server = server
    return this.#sign(identity, fields, followed)
  }

  /** Looks at the newest number; where the caller is patient, until it can be signed, or for some seconds. */
  async #look(newest: number, patient: boolean): Promise<RedisServer> {
    const { redis, prefix } = this.#options
    const begun = performance.now()
    let server = await readRedisServer(redis, prefix)
    this.#looks.look(newest, server)
    while (patient && this.#looks.newestSafe(server) < newest && performance.now() - begun < PATIENT_MS) {
      await sleep(PATIENT_STEP_MS)
      server = await readRedisServer(redis, prefix)
    }
    return server
  }

  /** Looks, after Redis was away, whether it has lost entries of this process, and says so in the log. */
  async lookForLoss(): Promise<number> {
    const { redis, prefix, sealer } = this.#options
    const { runId } = await readRedisServer(redis, prefix)
    const lost = this.#sealedOn === '' || runId === this.#sealedOn ? 0 : await reportLostEntries(redis, prefix, sealer)
    this.#sealedOn = runId
    return lost
  }

  /** Takes away entries that are older than `RECEIPT_DAYS`, up to a kept head that is as old. */
  async trim(now: number): Promise<void> {
    const { redis, prefix, sealer, receiptDays } = this.#options
    if (this.isSuspicious) return
    const { broken } = await readLogFields(redis, prefix)
    // Both clocks must call it old: one that is wrong takes nothing away.
    const until = Math.min(now, await redisNow(redis)) - receiptDays * DAY_MS
    if (broken === undefined) await trimLog(redis, prefix, sealer, until)
  }

  /** Gives whose log it is now. Somebody may have emptied Redis since the sealer began. */
  async #identity(): Promise<LogInRedis> {
    const { redis, prefix, sealer } = this.#options
    const [own, found] = await Promise.all([sealer.identity(), lookUpIdentity(redis, prefix)])
    if (own.fleetId === found?.fleetId) return own
    sealer.renew()
    return sealer.identity()
  }

  /** Follows the log up to a number. Nothing changes where something does not fit. */
  async #follow(
    identity: LogInRedis,
    fields: LogFields,
    { to, newest }: { readonly to: number; readonly newest: number },
  ): Promise<LogFollower | LogFault> {
    const { redis, prefix } = this.#options
    const own = this.#follower
    if (own !== undefined && this.#fleetId !== identity.fleetId) {
      return {
        seq: 0,
        what: `the log of ${own.size} entries that this worker knows is gone, and another one was begun`,
      }
    }
    if (own !== undefined && newest < own.size)
      return { seq: newest + 1, what: `entries from ${newest + 1} on are gone, which a head covers` }
    const count = await redis.xlen(keysOf(prefix).receipts)
    const follower = own?.copy() ?? (await this.#fromRedis(identity, fields))
    const fault = await this.#followChecked(identity, follower, fields, to)
    if (fault !== undefined) return fault
    const whole = await this.#lookWhole(identity, fields, follower, { newest, count, to })
    if (whole !== undefined) return whole
    const ahead = follower.copy()
    // Signatures are checked once, before a head covers them; this looks for numbers that are missing.
    const later = await followLog(redis, prefix, ahead, { to: newest, checkSignature: false })
    const missing = ahead.numbers.missing[0]
    if (later === undefined && missing !== undefined) {
      return { seq: ahead.size, what: `entry ${missing.n} of sealer ${missing.sealer} is missing` }
    }
    return later ?? follower
  }

  /** Follows without checks of signatures as far as another keeper has signed, and compares the roots there. */
  async #followChecked(
    identity: LogInRedis,
    follower: LogFollower,
    fields: LogFields,
    to: number,
  ): Promise<LogFault | undefined> {
    const { redis, prefix, sealer } = this.#options
    const signed = readState(identity.fleetId, sealer.seals, fields.stateText)
    if (signed !== undefined && signed.size > follower.size) {
      const from = follower.size
      const fault = await followLog(redis, prefix, follower, { to: signed.size, checkSignature: false })
      if (fault !== undefined) return fault
      const root = new LogFollower(identity, sealer.seals, signed).range.root()
      const isSame = root.equals(follower.range.root())
      if (!isSame)
        return {
          seq: from + 1,
          what: `the log has another past than the head of ${from} entries that this worker knows`,
        }
    }
    return followLog(redis, prefix, follower, { to: Math.max(to, follower.size), checkSignature: true })
  }

  /**
   * Where entries are gone that were followed before, follows the whole log again: it begins anew without them, once a
   * person has taken note of it.
   */
  async #lookWhole(
    identity: LogInRedis,
    fields: LogFields,
    follower: LogFollower,
    { newest, count, to }: { readonly newest: number; readonly count: number; readonly to: number },
  ): Promise<LogFollower | LogFault | undefined> {
    const { redis, prefix, sealer } = this.#options
    const base = readBase(identity.fleetId, sealer.seals, fields.baseText)?.head.size ?? 0
    if (count >= newest - base - follower.missing) return undefined
    const whole = await this.#fromBase(identity, fields)
    return (await followLog(redis, prefix, whole, { to: Math.max(to, base), checkSignature: true })) ?? whole
  }

  async #fromRedis(identity: LogInRedis, fields: LogFields): Promise<LogFollower> {
    const { seals } = this.#options.sealer
    const state = readState(identity.fleetId, seals, fields.stateText)
    return state === undefined ? this.#fromBase(identity, fields) : new LogFollower(identity, seals, state)
  }

  async #fromBase(identity: LogInRedis, fields: LogFields): Promise<LogFollower> {
    const { redis, prefix, sealer } = this.#options
    const base = readBase(identity.fleetId, sealer.seals, fields.baseText)
    if (base !== undefined) return new LogFollower(identity, sealer.seals, base.state)
    const changes = await readKeyChanges(redis, prefix, identity, sealer.seals.signing.publicKey)
    return new LogFollower(identity, sealer.seals, { keys: changes.slice(0, 1).map(({ from }) => from) })
  }

  /** Looks at a fault twice, and in between whether a crash of Redis explains it. */
  async #found(fault: LogFault, fields: LogFields, newest: number, hasRestarted: boolean): Promise<KeepResult> {
    const { redis, prefix, sealer } = this.#options
    if (await this.#adopt(await this.#identity(), fields)) return { kind: 'nothing_new' }
    const known = this.#knownHead()
    if (
      hasRestarted &&
      known !== null &&
      (await reportLostHead(redis, prefix, sealer, { known, knownAt: this.#headTime, fields }))
    ) {
      return { kind: 'suspect', fault }
    }
    this.#suspect ??= { at: performance.now() }
    if (performance.now() - this.#suspect.at < LOOK_AGAIN_MS) return { kind: 'suspect', fault }
    const broken = { ...fault, since: fields.broken?.since ?? Date.now(), newest, head: known }
    await redis.hset(keysOf(prefix).receiptLog, 'broken', JSON.stringify(broken))
    return { kind: 'broken', fault }
  }

  #knownHead(): LostHead | null {
    const range = this.#follower?.range
    return range === undefined ? null : { size: range.size, root: range.root().toString('base64') }
  }

  /**
   * Goes on with the log in Redis instead of the one that this process remembers, where an entry of it says that heads up
   * to the remembered one are lost.
   */
  async #adopt(identity: LogInRedis, fields: LogFields): Promise<boolean> {
    const { redis, prefix } = this.#options
    const known = this.#follower?.size
    if (known === undefined) return false
    const other = await this.#fromRedis(identity, fields)
    const fault = await followLog(redis, prefix, other, {
      to: await readNewestSeq(redis, prefix),
      checkSignature: true,
    })
    if (fault !== undefined || !other.lostHeads.some(({ size }) => size >= known)) return false
    this.#follower = undefined
    this.#looks.forget()
    this.#suspect = undefined
    return true
  }

  async #sign(identity: LogInRedis, fields: LogFields, follower: LogFollower): Promise<KeepResult> {
    const { redis, prefix, sealer } = this.#options
    const { receiptLog, receiptCheckpoints, fleet } = keysOf(prefix)
    this.#remember(identity, follower)
    const signed = readState(identity.fleetId, sealer.seals, fields.stateText)
    const isNew = signed === undefined || signed.size !== follower.size || fields.headNote === ''
    if (follower.size === 0 || (!isNew && fields.broken === undefined)) return { kind: 'nothing_new' }
    // The later of two clocks: a clock that is behind makes no entry look old before its time.
    const time = Math.max(Date.now(), await redisNow(redis))
    const root = follower.range.root()
    const note = signHead({ origin: originOf(identity), size: follower.size, root, time }, sealer.seals.signing)
    const kept = await readNewestKept(redis, prefix)
    const isDue =
      kept === undefined || follower.size - kept.head.size >= ENTRIES_BETWEEN || time - kept.head.time >= DAY_MS
    const state = writeState(identity.fleetId, sealer.seals, follower.state(time))
    const answer = z
      .enum(['kept', 'moved'])
      .parse(
        await this.#runKeep(
          [receiptLog, receiptCheckpoints, fleet],
          [fields.stateText, state, note, follower.size, isDue ? '1' : '', sealer.seals.keyId],
        ),
      )
    if (answer === 'moved') return { kind: 'moved' }
    this.#headTime = time
    return { kind: 'kept', note }
  }

  #remember(identity: LogInRedis, follower: LogFollower): void {
    this.#follower = follower
    this.#fleetId = identity.fleetId
  }
}
