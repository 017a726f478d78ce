import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { gather } from './gather.ts'
import { keysOf } from './keys.ts'
import { ledgerKeys, ledgerLua } from './ledger.ts'
import { FINAL_OUTCOMES, type FinalOutcome, type Reason } from './outcome.ts'
import type { RedisConnection } from './queue.ts'
import { type JobEnd, sealedContent } from './receipts/receipt-content.ts'
import type { ReceiptSeals } from './receipts/receipt-seals.ts'
import { createRedisScript } from './redis-script.ts'

const script = ledgerLua + readFileSync(new URL('./settle.lua', import.meta.url), 'utf8')

/** An outcome that was written down earlier; `reason` where it is a dead letter. */
export interface Recorded {
  readonly outcome: FinalOutcome
  readonly reason: Reason
}

/**
 * - `settled`: this call did it; `suspicious` when too many accounts in a row do not exist.
 * - `already`: an earlier one did, and what it wrote stands.
 * - `gone`: the job is no longer there, so it was completed elsewhere.
 */
export type Settled =
  | { readonly kind: 'settled'; readonly suspicious: boolean }
  | ({ readonly kind: 'already' } & Recorded)
  | { readonly kind: 'gone' }

/** What a settlement is made from. */
export interface SettlementOptions {
  /** Stays the caller's. */
  readonly redis: RedisConnection
  /** The value of `REDIS_PREFIX`. */
  readonly prefix: string
  readonly seals: ReceiptSeals
  /** Days that a request's figures are kept when it is done. */
  readonly receiptDays: number
}

/** Writes the final outcome of jobs, each exactly once, whatever crashes in between. */
export interface Settlement {
  /**
   * Settles a job: receipt, figures and counters in one step. Those of the same turn of the event loop share a round trip.
   * Safe to repeat: the first outcome of a job stays.
   */
  settle(jobId: string, end: JobEnd): Promise<Settled>
  /** Looks whether a job that a crashed worker had in hand was settled by it. */
  lookUp(jobId: string): Promise<Recorded | undefined>
}

const outcomeSchema = z.enum(FINAL_OUTCOMES)
const answerSchema = z.union([
  z.tuple([z.literal('settled')]),
  z.tuple([z.literal('suspicious')]),
  z.tuple([z.literal('already'), outcomeSchema, z.string(), z.string()]),
  z.tuple([z.literal('gone')]),
])
const answersSchema = z.array(answerSchema)

/** Redis answers nobody else meanwhile: about a millisecond. */
const AT_ONCE = 50

/** Makes a settlement on a connection. */
export function createSettlement({ redis, prefix, seals, receiptDays }: SettlementOptions): Settlement {
  const keys = keysOf(prefix)
  const run = createRedisScript(redis, 'clearFriendsSettle', script)
  const scriptKeys = [...ledgerKeys(prefix), keys.lastOutcomes, keys.missingIsRight]
  const settleAll = async (jobs: readonly EndedJob[]): Promise<Settled[]> => {
    const args = jobs.flatMap(({ jobId, end }) => [jobId, end.why ?? '', ...sealedContent(end, seals)])
    return answersSchema.parse(await run(scriptKeys, [receiptDays, ...args])).map(toSettled)
  }
  const settleSoon = gather(AT_ONCE, settleAll)
  return {
    settle: (jobId, end) => settleSoon({ jobId, end }),
    lookUp: async jobId => {
      const [outcome, code, why] = await redis.hmget(keys.queue + jobId, 'settled', 'code', 'why')
      if (outcome === null || outcome === undefined) return undefined
      return { outcome: outcomeSchema.parse(outcome), reason: { code: code ?? '', text: why ?? '' } }
    },
  }
}

interface EndedJob {
  readonly jobId: string
  readonly end: JobEnd
}

function toSettled(answer: z.infer<typeof answerSchema>): Settled {
  switch (answer[0]) {
    case 'settled':
    case 'suspicious':
      return { kind: 'settled', suspicious: answer[0] === 'suspicious' }
    case 'already':
      return { kind: 'already', outcome: answer[1], reason: { code: answer[2], text: answer[3] } }
    case 'gone':
      return { kind: 'gone' }
    default:
      return answer satisfies never
  }
}
