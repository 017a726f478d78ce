import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { RedisConnection } from '../../../redis/connection.ts'
import { keysOf } from '../../../redis/keys.ts'
import { createRedisScript, type RedisScript } from '../../../redis/redis-script.ts'
import { type LogInRedis, lookUpIdentity } from '../keys/log-identity.ts'
import type { Sealer } from '../keys/sealer.ts'
import { signHead } from '../log/head.ts'
import { originOf } from '../log/origin.ts'
import { readNewestKept } from '../read/kept-heads.ts'
import type { LogFault, LogFollower, LostHead } from '../read/log-follower.ts'
import { readLogFields, readState, writeState } from '../read/log-state.ts'
import { readNewestSeq } from '../read/read-entries.ts'
import { catchUp, type FoundLog, isToldAsLost } from './catch-up.ts'
import type { KeepResult } from './keep-result.ts'
import { Looks } from './looks.ts'
import { type RedisServer, readRedisServer } from './redis-server.ts'
import { redisNow } from './redis-time.ts'
import { reportLostEntries, reportLostHead } from './report-loss.ts'
import { trimLog } from './trim-log.ts'

const keepLua = readFileSync(new URL('./keep.lua', import.meta.url), 'utf8')
const answerSchema = z.enum(['kept', 'moved'])

/** Parts of a keeper. */
export interface ReceiptKeeperOptions {
  /** The caller closes it. */
  readonly redis: RedisConnection
  readonly prefix: string
  /** Signs heads, and the entries that name losses. */
  readonly sealer: Sealer
  /** Days that receipts are kept. */
  readonly receiptDays: number
}

/** Kept heads are this many entries apart, or a day: some hundred bytes for each are little then. */
const ENTRIES_BETWEEN = 500
const DAY_MS = 86_400_000
/** Least time between two looks at a fault. A sealer writes its `lost` entry within its next turn, which is 5 s. */
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
  readonly #runKeep: RedisScript
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
    const log = await this.#find()
    const server = await this.#look(log.newest, patient)
    const hasRestarted = this.#server !== undefined && this.#server.runId !== server.runId
    this.#server ??= server
    const followed = await this.#follow(log, this.#looks.newestSafe(server))
    if ('what' in followed) return this.#found(log, followed, hasRestarted)
    const { broken } = log.fields
    if (broken !== undefined && followed.acknowledgedSeq <= broken.newest) return { kind: 'broken', fault: broken }
    this.#suspect = undefined
    this.#server = server
    return this.#sign(log, followed)
  }

  /** Reads the state of the log: the fields first, so that no head in them covers an entry that is newer than the newest. */
  async #find(): Promise<FoundLog> {
    const { redis, prefix, sealer } = this.#options
    const identity = await this.#identity()
    const fields = await readLogFields(redis, prefix)
    return { redis, prefix, seals: sealer.seals, identity, fields, newest: await readNewestSeq(redis, prefix) }
  }

  /** Follows the log up to a number. Nothing changes where something does not fit. */
  async #follow(log: FoundLog, to: number): Promise<LogFollower | LogFault> {
    const own = this.#follower
    if (own !== undefined && this.#fleetId !== log.identity.fleetId) {
      const what = `the log of ${own.size} entries that this worker knows is gone, and another one was begun`
      return { seq: 0, what }
    }
    return catchUp(log, own, to)
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

  /** Looks at a fault twice, and in between whether a crash of Redis explains it. */
  async #found(log: FoundLog, fault: LogFault, hasRestarted: boolean): Promise<KeepResult> {
    const { redis, prefix, sealer } = this.#options
    const known = this.#knownHead()
    if (known !== null && (await isToldAsLost(log, known.size))) {
      this.#forget()
      return { kind: 'nothing_new' }
    }
    const { fields, newest } = log
    const loss = { known, knownAt: this.#headTime, fields }
    if (hasRestarted && (await reportLostHead(redis, prefix, sealer, loss))) return { kind: 'suspect', fault }
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

  /** Goes on, from the next turn on, with the log in Redis instead of the one that this process remembers. */
  #forget(): void {
    this.#follower = undefined
    this.#looks.forget()
    this.#suspect = undefined
  }

  async #sign(log: FoundLog, follower: LogFollower): Promise<KeepResult> {
    const { redis, prefix, seals, identity, fields } = log
    this.#follower = follower
    this.#fleetId = identity.fleetId
    const signed = readState(identity.fleetId, seals, fields.stateText)
    const isNew = signed === undefined || signed.size !== follower.size || fields.headNote === ''
    if (follower.size === 0 || (!isNew && fields.broken === undefined)) return { kind: 'nothing_new' }
    // The later of two clocks: a clock that is behind makes no entry look old before its time.
    const time = Math.max(Date.now(), await redisNow(redis))
    const root = follower.range.root()
    const note = signHead({ origin: originOf(identity), size: follower.size, root, time }, seals.signing)
    const kept = await readNewestKept(redis, prefix)
    const isDue =
      kept === undefined || follower.size - kept.head.size >= ENTRIES_BETWEEN || time - kept.head.time >= DAY_MS
    const state = writeState(identity.fleetId, seals, follower.state(time))
    const { receiptLog, receiptCheckpoints, fleet } = keysOf(prefix)
    const args = [fields.stateText, state, note, follower.size, isDue ? '1' : '', seals.keyId]
    const answer = answerSchema.parse(await this.#runKeep([receiptLog, receiptCheckpoints, fleet], args))
    if (answer === 'moved') return { kind: 'moved' }
    this.#headTime = time
    return { kind: 'kept', note }
  }
}
