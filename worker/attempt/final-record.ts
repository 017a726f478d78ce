import { z } from 'zod'
import { type parseJobData, requestsIn } from '../../jobs/job/clear-friends-job.ts'
import { finalOutcomeOf, type LastOutcome } from '../../jobs/job/outcome.ts'
import type { FinalRecord } from '../../jobs/receipts/sealed-receipt.ts'
import type { JobInHand } from './job-in-hand.ts'
import type { Progress } from './progress.ts'

type ParsedData = ReturnType<typeof parseJobData>

/** Builds the record to settle for a job that ends with this outcome. */
export function recordOf(
  job: JobInHand,
  parsed: ParsedData,
  outcome: LastOutcome,
  { calls }: Pick<Progress, 'calls'>,
): FinalRecord {
  const known = {
    ...accountAndRequestsIn(job, parsed),
    calls,
    attempts: job.attemptsMade + 1,
    enqueuedAt: job.enqueuedAt,
    outcome: finalOutcomeOf(outcome),
  }
  switch (outcome.kind) {
    case 'cleared':
      return { ...known, verified: outcome.verified }
    case 'not_imported':
      return { ...known, verified: 'skipped' }
    case 'cancelled':
      return { ...known, verified: 'skipped', code: outcome.reason.code }
    case 'dead':
      return { ...known, verified: 'no', code: outcome.reason.code, why: outcome.reason.text }
    default:
      return outcome satisfies never
  }
}

/** Gives account and requests for the receipt. Data that breaks the contract belongs to no request. */
function accountAndRequestsIn({ data }: JobInHand, parsed: ParsedData): Pick<FinalRecord, 'account' | 'requests'> {
  if (parsed.ok) return { account: parsed.data.account, requests: requestsIn(parsed.data) }
  const unfit = unfitDataSchema.safeParse(data)
  return { account: unfit.success ? unfit.data.account : '', requests: [] }
}

const unfitDataSchema = z.object({ account: z.string() })
