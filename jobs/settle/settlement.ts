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
import { FINAL_OUTCOMES, type FinalOutcome, type Reason } from '../job/outcome.ts'
import { allRequests, type Growth, NOT_GROWN, parseGrowth } from '../job/wish.ts'
import { type FinalRecord, sealedContent } from '../receipts/receipt-content.ts'
import type { ReceiptSeals } from '../receipts/receipt-seals.ts'
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
}

/** Writes the final outcome of jobs, each exactly once, even when a process crashes in between. */
export interface Settlement {
  /**
   * Settles a job: writes its receipt, its requests' figures and the counters in one step. Safe to repeat: the first
   * outcome of a job stays. Requests that duplicates have added come into the receipt too.
   *
   * @param wish what the attempt has worked by; default: a two-way job that no duplicate has strengthened
   * @throws {RedisUnavailableError} when Redis is away or refuses; if Redis did not answer, the job may be settled
   */
  settle(jobId: string, end: FinalRecord, wish?: WishInHand): Promise<SettleResult>
  /** Reads the outcome of a job that a worker settled but did not complete; nothing where it is not settled. */
  lookUp(jobId: string): Promise<Recorded | undefined>
  /** Reads the field `wish` of a job; empty where no duplicate has strengthened it. */
  readWish(jobId: string): Promise<string>
}

const outcomeSchema = z.enum(FINAL_OUTCOMES)
const settledSchema = z.union([
  z.enum(['settled', 'suspicious', 'gone']),
  z.tuple([z.literal('grown'), z.string()]),
  z.tuple([z.literal('already'), outcomeSchema, z.string(), z.string()]),
])
type Settled = Exclude<z.infer<typeof settledSchema>, readonly ['grown', string]>

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
export function createSettlement({
  redis,
  prefix,
  seals,
  receiptDays,
  missingShare = MISSING_SHARE,
  app,
}: SettlementOptions & WorkerSettlementOptions): Settlement {
  const keys = keysOf(prefix)
  const run = createRedisScript(redis, 'clearFriendsSettle', script)
  const scriptKeys = [...ledgerKeys(prefix), keys.lastOutcomes, keys.missingIsRight]
  return {
    settle: async (jobId, end, wish = AS_ENQUEUED) => {
      let [text, record] = [NOT_GROWN, end]
      for (;;) {
        const content = sealedContent(record, seals, app ?? null)
        const args = [jobId, receiptDays, end.why ?? '', missingShare, text, ...content]
        const answer = settledSchema.parse(await askRedis(() => run(scriptKeys, args)))
        if (!isGrown(answer)) return toSettleResult(answer)
        text = answer[1]
        const growth = parseGrowth(text)
        if (isOutgrown(end.outcome, wish, text, growth)) return { kind: 'outgrown' }
        record = { ...end, requests: allRequests(end.requests, growth) }
      }
    },
    readWish: async jobId => (await redis.hget(keys.queue + jobId, 'wish')) ?? NOT_GROWN,
    lookUp: async jobId => {
      const [outcome, code, why] = await redis.hmget(keys.queue + jobId, 'settled', 'code', 'why')
      if (outcome === null || outcome === undefined) return undefined
      return { outcome: outcomeSchema.parse(outcome), reason: { code: code ?? '', text: why ?? '' } }
    },
  }
}

const isGrown = (answer: z.infer<typeof settledSchema>): answer is Exclude<typeof answer, Settled> =>
  Array.isArray(answer) && answer[0] === 'grown'

/**
 * Whether the job needs another attempt: a two-way delete after a one-way one, or another question to the hook, whose
 * veto did not know of all requests. Other outcomes hold for every wish.
 */
function isOutgrown(outcome: FinalOutcome, wish: WishInHand, text: string, growth: Growth): boolean {
  if (outcome === 'cancelled') return text !== wish.text
  return outcome === 'cleared' && wish.oneWay && growth.twoWay
}

function toSettleResult(answer: Settled): SettleResult {
  if (answer === 'gone') return { kind: 'gone' }
  if (typeof answer === 'string') return { kind: 'settled', suspicious: answer === 'suspicious' }
  const [, outcome, code, text] = answer
  return { kind: 'already', outcome, reason: { code, text } }
}
