import { parseJson } from '../../config/parse-json.ts'
import { keysOf } from '../../redis/keys.ts'
import { accountFault, accountIn } from '../job/clear-friends-job.ts'
import { InvalidJobError } from '../job/errors.ts'
import { requireOwnLog } from '../receipts/keep/require-own-log.ts'
import { scanJobs } from './scan-jobs.ts'
import type { SettlementOptions } from './settlement.ts'
import { createWithdrawer, servesRequest, type WithdrawResult } from './withdraw.ts'

/**
 * - `cancelled`: withdrawn; no worker has sent a request for it, and none will.
 * - `dead_letter`: its dead letter is withdrawn, so that no replay clears the account. Earlier attempts may have sent
 *   requests.
 * - `in_flight`: a worker has it in hand and may be sending.
 * - `sent`: a worker sent requests, or was lost and may have sent some; the job waits for another attempt.
 * - `not_found`: there is no job and no dead letter of it; there was none, or it has ended.
 */
export type CancelResult = WithdrawResult

/** Accounts of a request, by what became of them. */
export interface CancelledRequest extends Readonly<Record<Exclude<CancelResult, 'not_found'>, number>> {
  /** Of those withdrawn: accounts that stay in the queue, or dead letters, because another wish is for them too. */
  readonly stay: number
}

/** Withdraws accounts. */
export interface Canceller {
  /**
   * Withdraws accounts for which no worker has sent a request, and dead letters. Each is one atomic step: no worker can
   * take the job meanwhile. Writes a receipt for each withdrawn job. Safe to repeat.
   *
   * Goes through all dead letters, and through all live jobs too where an account has none under its own name: jobs of
   * foreign producers need no deduplication key.
   *
   * @returns the result of each, in the order of the accounts; where an account has several jobs, the worst
   * @throws {InvalidJobError} when a text is no account; nothing was withdrawn then
   * @throws {ReceiptKeyError} when the receipts are sealed with another key; nothing was withdrawn then
   */
  cancel(accounts: readonly string[]): Promise<readonly CancelResult[]>
  /**
   * Withdraws all accounts of a request, as `cancel` does. An account that another wish is for too stays as it is; only
   * this request no longer waits for it. Goes through all live jobs and dead letters.
   *
   * @throws {ReceiptKeyError} when the receipts are sealed with another key; nothing was withdrawn then
   */
  cancelRequest(request: string): Promise<CancelledRequest>
}

const AT_ONCE = 100
/** What an operator must know first comes last. */
const RANK = ['not_found', 'dead_letter', 'cancelled', 'sent', 'in_flight'] as const satisfies readonly CancelResult[]

/** Makes a canceller. Its options are those of a settlement, since it writes receipts too. */
export function createCanceller(options: SettlementOptions): Canceller {
  const { redis, prefix, seals } = options
  const { queue } = keysOf(prefix)
  const withdrawer = createWithdrawer(options)

  const byName = async (account: string): Promise<CancelResult> => {
    const jobId = await redis.get(`${queue}de:${account}`)
    return jobId === null ? 'not_found' : withdrawer.account(jobId, account)
  }
  const scan = async (which: 'dead' | 'live', results: Map<string, CancelResult>): Promise<void> => {
    for await (const { jobId, data } of scanJobs(redis, prefix, which)) {
      const account = accountIn(parseJson(data))
      const before = account === null ? undefined : results.get(account)
      if (account === null || before === undefined) continue
      results.set(account, worst(before, await withdrawer.account(jobId, account)))
    }
  }

  return {
    cancel: async accounts => {
      requireAccounts(accounts)
      await requireOwnLog(redis, prefix, seals)
      const results = new Map<string, CancelResult>()
      const wanted = [...new Set(accounts)]
      for (let from = 0; from < wanted.length; from += AT_ONCE) {
        const page = wanted.slice(from, from + AT_ONCE)
        const found = await Promise.all(page.map(byName))
        for (const [index, account] of page.entries()) results.set(account, found[index] ?? 'not_found')
      }
      const isComplete = [...results.values()].every(result => result !== 'not_found')
      await scan('dead', results)
      if (!isComplete) await scan('live', results)
      return accounts.map(account => results.get(account) ?? 'not_found')
    },
    cancelRequest: async request => {
      await requireOwnLog(redis, prefix, seals)
      const sums = { cancelled: 0, dead_letter: 0, in_flight: 0, sent: 0, stay: 0 }
      for (const which of ['live', 'dead'] as const) {
        for await (const { jobId, data, wish } of scanJobs(redis, prefix, which)) {
          if (!servesRequest({ data, wish }, request)) continue
          const { result, jobStays } = await withdrawer.request(jobId, request)
          if (result === 'not_found') continue
          sums[result] += 1
          if (jobStays && (result === 'cancelled' || result === 'dead_letter')) sums.stay += 1
        }
      }
      return sums
    },
  }
}

function requireAccounts(accounts: readonly string[]): void {
  for (const [index, account] of accounts.entries()) {
    const fault = accountFault(account)
    if (fault !== null) throw new InvalidJobError(`account ${index + 1}: ${fault}`)
  }
}

const worst = (one: CancelResult, other: CancelResult): CancelResult =>
  RANK.indexOf(one) > RANK.indexOf(other) ? one : other
