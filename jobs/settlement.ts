import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { argumentsOf, type Completion, completeJobLua, NO_ARGUMENTS, sharedKeysOf } from './completion.ts'
import { gather } from './gather.ts'
import { keysOf } from './keys.ts'
import { ledgerKeys, ledgerLua } from './ledger.ts'
import { FINAL_OUTCOMES, type FinalOutcome, type Reason } from './outcome.ts'
import type { RedisConnection } from './queue.ts'
import { type JobEnd, sealedContent } from './receipts/receipt-content.ts'
import type { ReceiptSeals } from './receipts/receipt-seals.ts'
import { createRedisScript } from './redis-script.ts'

const script = completeJobLua + ledgerLua + readFileSync(new URL('./settle.lua', import.meta.url), 'utf8')

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

/** What became of a job that ended, and what BullMQ's script answered where this call has settled and completed it. */
export interface Ended {
  readonly settled: Settled
  readonly completed: unknown
}

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
   * Settles a job: receipt, figures, counters and BullMQ's completion in one step. Those of the same turn of the event loop
   * share a round trip. Safe to repeat: the first outcome of a job stays.
   *
   * @param completion what BullMQ wants of its script. Without it, and where the job was settled before, the job stays in
   * the queue until somebody who finds it settled completes it.
   * @throws Error when Redis is away or refuses; the job may be settled then, and is not completed
   */
  settle(jobId: string, end: JobEnd, completion?: Completion): Promise<Ended>
  /** Looks whether a job was settled by a worker that did not complete it. */
  lookUp(jobId: string): Promise<Recorded | undefined>
}

const outcomeSchema = z.enum(FINAL_OUTCOMES)
const settledSchema = z.union([
  z.enum(['settled', 'suspicious', 'gone']),
  z.tuple([z.literal('already'), outcomeSchema, z.string(), z.string()]),
  z.tuple([z.literal('failed'), z.string()]),
])
const answersSchema = z.tuple([z.array(settledSchema), z.array(z.unknown())])

interface Answer {
  readonly settled: z.infer<typeof settledSchema>
  readonly completed: unknown
}

/** Redis answers nobody else meanwhile: a millisecond or two. */
const AT_ONCE = 16

/** Makes a settlement on a connection. */
export function createSettlement({ redis, prefix, seals, receiptDays }: SettlementOptions): Settlement {
  const keys = keysOf(prefix)
  const run = createRedisScript(redis, 'clearFriendsSettle', script)
  const ownKeys = [...ledgerKeys(prefix), keys.lastOutcomes, keys.missingIsRight]
  const settleAll = async (jobs: readonly EndedJob[]): Promise<Answer[]> => {
    const args = jobs.flatMap(({ jobId, end, completion }) => [
      jobId,
      end.why ?? '',
      ...sealedContent(end, seals),
      ...(completion === undefined ? NO_ARGUMENTS : argumentsOf(completion)),
    ])
    const completion = jobs.find(job => job.completion !== undefined)?.completion
    const scriptKeys = completion === undefined ? ownKeys : [...ownKeys, ...sharedKeysOf(completion)]
    const [settles, completions] = answersSchema.parse(await run(scriptKeys, [receiptDays, ...args]))
    return settles.map((settled, index) => ({ settled, completed: completions[index] }))
  }
  const settleSoon = gather(AT_ONCE, settleAll)
  return {
    settle: async (jobId, end, completion) => {
      const { settled, completed } = await settleSoon({ jobId, end, completion })
      return { settled: toSettled(settled), completed }
    },
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
  readonly completion: Completion | undefined
}

function toSettled(answer: z.infer<typeof settledSchema>): Settled {
  if (answer === 'gone') return { kind: 'gone' }
  if (typeof answer === 'string') return { kind: 'settled', suspicious: answer === 'suspicious' }
  if (answer[0] === 'failed') throw new Error(`Redis could not settle a job: ${answer[1]}`)
  const [, outcome, code, text] = answer
  return { kind: 'already', outcome, reason: { code, text } }
}
