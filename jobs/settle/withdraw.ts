import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { parseJson } from '../../config/parse-json.ts'
import { keysOf } from '../../redis/keys.ts'
import { createRedisScript } from '../../redis/redis-script.ts'
import { accountIn, parseJobData, requestsIn } from '../job/clear-friends-job.ts'
import { allRequests, parseGrowth, withdrawRequest } from '../job/wish.ts'
import { sealedContent } from '../receipts/receipt-content.ts'
import { readContract } from '../status/fleet-contract.ts'
import { ledgerKeys, ledgerLua } from './ledger.ts'
import type { SettlementOptions } from './settlement.ts'

const script = ledgerLua + readFileSync(new URL('./cancel.lua', import.meta.url), 'utf8')
const answerSchema = z.enum(['cancelled', 'dead_letter', 'in_flight', 'sent', 'not_found', 'changed'])

/** See `CancelResult` in cancel.ts. */
export type WithdrawResult = Exclude<z.infer<typeof answerSchema>, 'changed'>

/** Withdraws single jobs. */
export interface Withdrawer {
  /** Withdraws a job if it is about this account. */
  account(jobId: string, account: string): Promise<WithdrawResult>
  /** Withdraws a request from a job; the job goes with its last wish. */
  request(jobId: string, request: string): Promise<{ readonly result: WithdrawResult; readonly jobStays: boolean }>
}

/** Redis is asked again when the job has changed in between. Nobody is that quick ten times. */
const LOOKS_AT_MOST = 10
const progressSchema = z.object({ calls: z.int().min(0).default(0) }).catch({ calls: 0 })

interface ReadJob {
  readonly data: string
  readonly wish: string
  readonly enqueuedAt: number
  readonly calls: number
  readonly attempts: number
}

/** What is to be withdrawn from a job: some requests and the job itself, or one request of several. */
interface Withdrawal {
  readonly requests: readonly string[]
  readonly kept?: { readonly data: string; readonly wish: string }
}

/** Makes a withdrawer on a connection. */
export function createWithdrawer({ redis, prefix, seals, receiptDays }: SettlementOptions): Withdrawer {
  const { queue } = keysOf(prefix)
  const run = createRedisScript(redis, 'clearFriendsCancel', script)
  const keys = ledgerKeys(prefix)

  const read = async (jobId: string): Promise<ReadJob | undefined> => {
    const fields = await redis.hmget(queue + jobId, 'data', 'wish', 'timestamp', 'progress', 'atm')
    const [data, wish, timestamp, progress, attempts] = fields
    if (typeof data !== 'string') return undefined
    const { calls } = progressSchema.parse(parseJson(progress ?? ''))
    return { data, wish: wish ?? '', enqueuedAt: Number(timestamp), calls, attempts: Number(attempts ?? 0) }
  }
  const withdraw = async (jobId: string, job: ReadJob, { requests, kept }: Withdrawal) => {
    const { calls, attempts, enqueuedAt } = job
    const { app = null } = await readContract(redis, prefix)
    const content = sealedContent(
      {
        ...{ account: accountIn(parseJson(job.data)) ?? '', requests, calls, attempts, enqueuedAt },
        ...{ outcome: 'cancelled', verified: 'skipped', code: 'withdrawn' },
      },
      seals,
      app,
    )
    const args = [jobId, receiptDays, job.data, job.wish, kept?.data ?? '', kept?.wish ?? '', ...content]
    return answerSchema.parse(await run(keys, args))
  }
  /** Reads the job, withdraws from it, and begins again where it has changed in between. */
  const change = async (jobId: string, choose: (job: ReadJob) => Withdrawal | undefined) => {
    for (let look = 0; look < LOOKS_AT_MOST; look++) {
      const job = await read(jobId)
      const withdrawal = job && choose(job)
      if (job === undefined || withdrawal === undefined) return { result: 'not_found', jobStays: false } as const
      const result = await withdraw(jobId, job, withdrawal)
      if (result !== 'changed') return { result, jobStays: withdrawal.kept !== undefined }
    }
    return { result: 'in_flight', jobStays: false } as const
  }

  return {
    account: async (jobId, account) => (await change(jobId, job => wholeJob(job, account))).result,
    request: (jobId, request) => change(jobId, job => oneRequest(job, request)),
  }
}

/** Whether a job, as it was read, is for a request. */
export const servesRequest = ({ data, wish }: Pick<ReadJob, 'data' | 'wish'>, request: string): boolean =>
  oneRequest({ data, wish }, request) !== undefined

function wholeJob({ data, wish }: ReadJob, account: string): Withdrawal | undefined {
  if (accountIn(parseJson(data)) !== account) return undefined
  const parsed = parseJobData(parseJson(data))
  return { requests: parsed.ok ? allRequests(requestsIn(parsed.data), parseGrowth(wish)) : [] }
}

function oneRequest({ data, wish }: Pick<ReadJob, 'data' | 'wish'>, request: string): Withdrawal | undefined {
  const parsed = parseJobData(parseJson(data))
  if (!parsed.ok) return undefined
  const left = withdrawRequest(parsed.data, wish, request)
  if (left.kind === 'absent') return undefined
  if (left.kind === 'last') return { requests: [request] }
  return { requests: [request], kept: { data: JSON.stringify(left.data), wish: left.wish } }
}
