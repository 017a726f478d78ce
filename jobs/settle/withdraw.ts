import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { parseJson } from '../../config/parse-json.ts'
import { keysOf } from '../../redis/keys.ts'
import { createRedisScript } from '../../redis/redis-script.ts'
import { accountIn, parseJobData, requestsIn } from '../job/clear-friends-job.ts'
import { ReceiptKeyError } from '../job/errors.ts'
import { allRequests, parseGrowth, withdrawRequest } from '../job/wish.ts'
import { Sealer } from '../receipts/keys/sealer.ts'
import { openProgress } from '../receipts/sealed-progress.ts'
import { sealReceipt } from '../receipts/sealed-receipt.ts'
import { ledgerKeys, ledgerLua } from './ledger.ts'
import type { SettlementOptions } from './settlement.ts'

const script = ledgerLua + readFileSync(new URL('./cancel.lua', import.meta.url), 'utf8')
const answerSchema = z.union([
  z.tuple([z.enum(['cancelled', 'dead_letter']), z.string()]),
  z.enum(['in_flight', 'sent', 'not_found', 'changed', 'foreign']),
])

/** See `CancelResult` in cancel.ts. */
export type WithdrawResult = 'cancelled' | 'dead_letter' | 'in_flight' | 'sent' | 'not_found'

/** Withdraws single jobs. */
export interface Withdrawer {
  /** Withdraws a job if it is about this account. */
  account(jobId: string, account: string): Promise<WithdrawResult>
  /** Withdraws a request from a job; the job goes with its last wish. */
  request(jobId: string, request: string): Promise<{ readonly result: WithdrawResult; readonly jobStays: boolean }>
}

/** Redis is asked again when the job has changed in between. Nobody is that quick ten times. */
const LOOKS_AT_MOST = 10
const progressSchema = z.object({ calls: z.int().min(0) }).catch({ calls: 0 })

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
export function createWithdrawer(options: SettlementOptions): Withdrawer {
  const { redis, prefix, receiptDays } = options
  const sealer = options.sealer ?? new Sealer(options)
  const { queue } = keysOf(prefix)
  const run = createRedisScript(redis, 'clearFriendsCancel', script)
  const keys = ledgerKeys(prefix)

  const read = async (jobId: string): Promise<ReadJob | undefined> => {
    const fields = await redis.hmget(queue + jobId, 'data', 'wish', 'timestamp', 'progress', 'atm')
    const [data, wish, timestamp, progress, attempts] = fields
    if (typeof data !== 'string') return undefined
    const account = accountIn(parseJson(data)) ?? ''
    const { calls } = progressSchema.parse(await openProgress({ jobId, account }, parseJson(progress ?? ''), sealer))
    return { data, wish: wish ?? '', enqueuedAt: Number(timestamp), calls, attempts: Number(attempts ?? 0) }
  }
  const withdraw = async (jobId: string, job: ReadJob, { requests, kept }: Withdrawal) => {
    const { calls, attempts, enqueuedAt } = job
    const { sealed, args } = await sealReceipt(
      jobId,
      {
        ...{ account: accountIn(parseJson(job.data)) ?? '', requests, calls, attempts, enqueuedAt },
        ...{ outcome: 'cancelled', verified: 'skipped', code: 'withdrawn' },
      },
      sealer,
    )
    const begin = [jobId, receiptDays, job.data, job.wish, kept?.data ?? '', kept?.wish ?? '']
    try {
      const answer = answerSchema.parse(await run(keys, [...begin, ...args]))
      if (answer === 'foreign') throw new ReceiptKeyError()
      if (typeof answer === 'string') sealer.voided(sealed)
      else sealer.written(sealed, answer[1])
      return typeof answer === 'string' ? answer : answer[0]
    } catch (error) {
      sealer.voided(sealed)
      throw error
    }
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
