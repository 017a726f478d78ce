/**
 * The end of a job: one Lua script writes its receipt, its request's figures and the fleet's counters in one step.
 *
 * What belongs in `jobs/settle/`: everything that gives a job its final outcome, by a worker (`settle.lua`) or by an
 * operator (`cancel.lua`). `ledger.lua` holds what they share with the scripts of dead letters. What does not belong
 * here: the choice of the outcome (`worker/attempt/`), and reading receipts (`jobs/receipts/`).
 */

import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { askRedis, type RedisConnection } from '../../redis/connection.ts'
import { keysOf } from '../../redis/keys.ts'
import { createRedisScript } from '../../redis/redis-script.ts'
import { ReceiptKeyError } from '../job/errors.ts'
import { FINAL_OUTCOMES, type FinalOutcome, type Reason } from '../job/outcome.ts'
import { allRequests, type Growth, NOT_GROWN, parseGrowth } from '../job/wish.ts'
import type { ReceiptSeals } from '../receipts/keys/receipt-seals.ts'
import { Sealer } from '../receipts/keys/sealer.ts'
import { type FinalRecord, isMarkGenuine, type Mark, numberIn, sealReceipt } from '../receipts/sealed-receipt.ts'
import { ledgerKeys, ledgerLua } from './ledger.ts'

const script = ledgerLua + readFileSync(new URL('./settle.lua', import.meta.url), 'utf8')

/** An outcome that was written earlier; `reason` is empty unless it is a dead letter. */
export interface Recorded {
  readonly outcome: FinalOutcome
  readonly reason: Reason
}

/**
 * - `settled`: this call settled the job; `suspicious` when too many of the last accounts do not exist.
 * - `already`: an earlier call settled it, and its outcome stays.
 * - `gone`: Redis no longer holds the job, so it was completed elsewhere.
 * - `outgrown`: nothing was written. A duplicate has asked for more than the attempt has done, so the job needs another.
 */
export type SettleResult =
  | { readonly kind: 'settled'; readonly suspicious: boolean }
  | ({ readonly kind: 'already' } & Recorded)
  | { readonly kind: 'gone' }
  | { readonly kind: 'outgrown' }

/** The part of a job's wish that an attempt has worked by. */
export interface WishInHand {
  /** Whether the attempt deletes one way only. */
  readonly oneWay: boolean
  /** The field `wish` at the beginning of the attempt, as far as the worker has read it. */
  readonly text: string
}

/** Connection, prefix and seals of a settlement. */
export interface SettlementOptions {
  /** The caller closes it. */
  readonly redis: RedisConnection
  /** The value of `REDIS_PREFIX`. */
  readonly prefix: string
  readonly seals: ReceiptSeals
  /** Days that a request's figures are kept after its last job has ended. */
  readonly receiptDays: number
  /** Signs the receipts. Default: one of its own. */
  readonly sealer?: Sealer
}

/** Writes the final outcome of jobs, each exactly once, even when a process crashes in between. */
export interface Settlement {
  /**
   * Settles a job: writes its receipt, its requests' figures and the counters in one step. Safe to repeat: the first
   * outcome of a job stays. Requests that duplicates have added come into the receipt too.
   *
   * @param wish what the attempt has worked by; default: a two-way job that no duplicate has strengthened
   * @throws {RedisUnavailableError} when Redis is away or refuses; if Redis did not answer, the job may be settled
   * @throws {ReceiptKeyError} when the fleet has another key by now; nothing was written
   */
  settle(jobId: string, end: FinalRecord, wish?: WishInHand): Promise<SettleResult>
  /**
   * Reads the outcome of a job that a worker settled but did not complete; nothing where it is not settled. A mark that
   * no holder of the key has left there counts for nothing.
   *
   * @param account of the job; empty where its data hold none
   */
  lookUp(jobId: string, account: string): Promise<Recorded | undefined>
  /** Reads the field `wish` of a job; empty where no duplicate has strengthened it. */
  readWish(jobId: string): Promise<string>
}

const outcomeSchema = z.enum(FINAL_OUTCOMES)
const settledSchema = z.union([
  z.enum(['gone', 'foreign']),
  z.tuple([z.enum(['settled', 'suspicious']), z.string()]),
  z.tuple([z.literal('grown'), z.string()]),
  z.tuple([z.literal('already'), z.string(), z.string(), z.string(), z.string(), z.string()]),
])

const AS_ENQUEUED: WishInHand = { oneWay: false, text: NOT_GROWN }

/** What a worker adds: the app, and when it finds that suspiciously many accounts do not exist. */
export interface WorkerSettlementOptions {
  /** SDKAppID of the fleet, for the receipts. Default: none is named. */
  readonly app?: number
  /** Share of the last 50 accounts that may be not imported; `1` never finds too many. Default 0.2. */
  readonly missingShare?: number
}

const MISSING_SHARE = 0.2

/** Makes a settlement on a connection. */
export function createSettlement(options: SettlementOptions & WorkerSettlementOptions): Settlement {
  const { redis, prefix, receiptDays, missingShare = MISSING_SHARE } = options
  const sealer = options.sealer ?? new Sealer(options)
  const { queue, lastOutcomes, missingIsRight } = keysOf(prefix)
  const run = createRedisScript(redis, 'clearFriendsSettle', script)
  const scriptKeys = [...ledgerKeys(prefix), lastOutcomes, missingIsRight]

  /** Sends a receipt, and lets the sealer know what became of its number. */
  const send = async (jobId: string, record: FinalRecord, wishText: string, distrusted: string) => {
    const { sealed, args } = await sealReceipt(jobId, record, sealer)
    const begin = [jobId, receiptDays, record.why ?? '', missingShare, wishText, distrusted]
    try {
      const answer = settledSchema.parse(await askRedis(() => run(scriptKeys, [...begin, ...args])))
      if (answer[0] === 'settled' || answer[0] === 'suspicious') sealer.written(sealed, answer[1])
      // The driver sends a command again whose answer was lost, and meets its own mark then.
      else if (answer[0] === 'already' && isOf(answer[4], sealed)) sealer.written(sealed, answer[5])
      else sealer.voided(sealed)
      return { answer, sealed }
    } catch (error) {
      sealer.voided(sealed)
      throw error
    }
  }

  return {
    settle: async (jobId, end, wish = AS_ENQUEUED) => {
      let [text, record, distrusted] = [NOT_GROWN, end, '']
      for (let isRenewed = false; ; ) {
        const { answer, sealed } = await send(jobId, record, text, distrusted)
        if (answer === 'gone') return { kind: 'gone' }
        if (answer === 'foreign') {
          if (isRenewed) throw new ReceiptKeyError()
          isRenewed = true
          sealer.renew()
        } else if (answer[0] === 'grown') {
          text = answer[1]
          const growth = parseGrowth(text)
          if (isOutgrown(end.outcome, wish, text, growth)) return { kind: 'outgrown' }
          record = { ...end, requests: allRequests(end.requests, growth) }
        } else if (answer[0] === 'already') {
          const [, outcome, code, why, proof] = answer
          if (isOf(proof, sealed)) return { kind: 'settled', suspicious: false }
          const recorded = await readMark(jobId, end.account, { outcome, code, why, proof }, sealer)
          if (recorded !== undefined) return { kind: 'already', ...recorded }
          distrusted = `${outcome} ${proof}`
        } else return { kind: 'settled', suspicious: answer[0] === 'suspicious' }
      }
    },
    readWish: async jobId => (await redis.hget(queue + jobId, 'wish')) ?? NOT_GROWN,
    lookUp: async (jobId, account) => {
      const [outcome, code, why, proof] = await redis.hmget(queue + jobId, 'settled', 'code', 'why', 'proof')
      if (outcome === null || outcome === undefined) return undefined
      return readMark(jobId, account, { outcome, code: code ?? '', why: why ?? '', proof: proof ?? '' }, sealer)
    },
  }
}

/** Whether a mark is that of this very receipt. */
function isOf(proof: string, { sealer, n }: { readonly sealer: string; readonly n: number }): boolean {
  const named = numberIn(proof)
  return named.sealer === sealer && named.n === n
}

/** Reads the mark that a settle has left in the hash of its job; nothing where no holder of the key did. */
async function readMark(
  jobId: string,
  account: string,
  found: { readonly [K in keyof Mark]: string },
  sealer: Sealer,
): Promise<Recorded | undefined> {
  const outcome = outcomeSchema.safeParse(found.outcome)
  if (!outcome.success) return undefined
  const mark = { ...found, outcome: outcome.data }
  if (!(await isMarkGenuine(jobId, account, mark, sealer))) return undefined
  return { outcome: mark.outcome, reason: { code: mark.code, text: mark.why } }
}

/**
 * Whether the job needs another attempt: a two-way delete after a one-way one, or another question to the hook, whose
 * veto did not know of all requests. Other outcomes hold for every wish.
 */
function isOutgrown(outcome: FinalOutcome, wish: WishInHand, text: string, growth: Growth): boolean {
  if (outcome === 'cancelled') return text !== wish.text
  return outcome === 'cleared' && wish.oneWay && growth.twoWay
}
