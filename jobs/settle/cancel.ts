import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { parseJson } from '../../config/parse-json.ts'
import { keysOf } from '../../redis/keys.ts'
import { createRedisScript } from '../../redis/redis-script.ts'
import { accountFault, parseJobData, requestsIn } from '../job/clear-friends-job.ts'
import { InvalidJobError } from '../job/errors.ts'
import { allRequests, parseGrowth } from '../job/wish.ts'
import { Checkpoints } from '../receipts/checkpoints.ts'
import { sealedContent } from '../receipts/receipt-content.ts'
import { ledgerKeys, ledgerLua } from './ledger.ts'
import type { SettlementOptions } from './settlement.ts'

const script = ledgerLua + readFileSync(new URL('./cancel.lua', import.meta.url), 'utf8')
const answerSchema = z.enum(['cancelled', 'in_flight', 'sent', 'not_found', 'changed'])

/**
 * - `cancelled`: withdrawn; no worker has sent a request for it, and none will.
 * - `in_flight`: a worker has it in hand and may be sending.
 * - `sent`: a worker sent requests, or was lost and may have sent some; the job waits for another attempt.
 * - `not_found`: the queue holds no job of it; there was none, or it has ended.
 */
export type CancelResult = 'cancelled' | 'in_flight' | 'sent' | 'not_found'

/** Withdraws accounts. */
export interface Canceller {
  /**
   * Withdraws accounts for which no worker has sent a request. Each is one atomic step: no worker can take the job
   * meanwhile. Writes a receipt for each withdrawn account. Safe to repeat.
   *
   * @returns the result of each, in the order of the accounts
   * @throws {InvalidJobError} when a text is no account; nothing was withdrawn then
   * @throws {ReceiptKeyError} when the receipts are sealed with another key; nothing was withdrawn then
   */
  cancel(accounts: readonly string[]): Promise<readonly CancelResult[]>
}

const AT_ONCE = 100
/** The canceller looks again when the account got another job in between. No producer is that quick ten times. */
const LOOKS_AT_MOST = 10

/** Makes a canceller. Its options are those of a settlement, since it writes receipts too. */
export function createCanceller({ redis, prefix, seals, receiptDays }: SettlementOptions): Canceller {
  const { queue } = keysOf(prefix)
  const run = createRedisScript(redis, 'clearFriendsCancel', script)
  const keys = ledgerKeys(prefix)
  const checkpoints = new Checkpoints(redis, prefix, seals)

  const cancelOne = async (account: string): Promise<CancelResult> => {
    for (let look = 0; look < LOOKS_AT_MOST; look++) {
      const jobId = await redis.get(`${queue}de:${account}`)
      if (jobId === null) return 'not_found'
      const [data, enqueuedAt, wish] = await redis.hmget(queue + jobId, 'data', 'timestamp', 'wish')
      const content = sealedContent(
        {
          account,
          requests: allRequests(requestsOf(data), parseGrowth(wish)),
          outcome: 'cancelled',
          verified: 'skipped',
          code: 'withdrawn',
          calls: 0,
          attempts: 0,
          enqueuedAt: Number(enqueuedAt),
        },
        seals,
      )
      const answer = answerSchema.parse(await run(keys, [jobId, account, receiptDays, ...content]))
      if (answer !== 'changed') return answer
    }
    return 'in_flight'
  }

  return {
    cancel: async accounts => {
      accounts.forEach((account, index) => {
        const fault = accountFault(account)
        if (fault !== null) throw new InvalidJobError(`account ${index + 1}: ${fault}`)
      })
      await checkpoints.useKey()
      const results: CancelResult[] = []
      for (let from = 0; from < accounts.length; from += AT_ONCE) {
        results.push(...(await Promise.all(accounts.slice(from, from + AT_ONCE).map(cancelOne))))
      }
      return results
    },
  }
}

function requestsOf(data: string | null | undefined): readonly string[] {
  const parsed = parseJobData(parseJson(data ?? ''))
  return parsed.ok ? requestsIn(parsed.data) : []
}
