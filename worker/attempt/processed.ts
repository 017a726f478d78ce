import type { LastOutcome, ReturningOutcome } from '../../jobs/job/outcome.ts'
import type { FinalRecord } from '../../jobs/receipts/sealed-receipt.ts'
import type { Recorded, SettleResult, WishInHand } from '../../jobs/settle/settlement.ts'
import type { AttemptResult } from './clear-account.ts'
import { NO_PROGRESS } from './progress.ts'

/** Result of an attempt before anything is written. The pool settles only a job that `ends`. */
export type Attempted = WentBack | SettledBefore | Ends

/** Result of an attempt after the settle. */
export type Processed = WentBack | SettledBefore | Settled

interface Facts extends Omit<AttemptResult, 'outcome'> {
  /** Requests sent in this attempt. */
  readonly calls: number
}

/** The job stays in the queue. */
interface WentBack extends Facts {
  readonly job: 'went_back'
  readonly outcome: ReturningOutcome
}

/** The job ends with this attempt, unless it was settled before. */
interface Ends extends Facts {
  readonly job: 'ends'
  readonly outcome: LastOutcome
  /** The record to settle. */
  readonly record: FinalRecord
  readonly wish: WishInHand
}

/** This attempt settled the job. */
interface Settled extends Facts {
  readonly job: 'settled'
  readonly outcome: LastOutcome
  /** Whether suspiciously many accounts do not exist, so that we may be asking the wrong app. */
  readonly suspicious: boolean
}

/** An earlier attempt or another worker settled the job. */
interface SettledBefore extends Facts {
  readonly job: 'settled_before'
  readonly outcome: LastOutcome
}

/** Adds the result of the settle to an attempt. */
export function afterSettle(attempted: Ends, result: SettleResult): Processed {
  switch (result.kind) {
    case 'settled':
      return { ...attempted, job: 'settled', suspicious: result.suspicious }
    case 'already':
      return { ...asRecorded(result), calls: attempted.calls }
    case 'gone':
      return { ...attempted, job: 'settled_before' }
    case 'outgrown':
      return { ...attempted, job: 'went_back', outcome: OUTGROWN }
    default:
      return result satisfies never
  }
}

const OUTGROWN: ReturningOutcome = {
  kind: 'snooze',
  reason: { code: 'wish_grew', text: 'a duplicate has asked for more meanwhile' },
  waitMs: 0,
}

/** Gives the outcome that was settled earlier, so that BullMQ and the receipt agree. */
export function asRecorded(recorded: Recorded): SettledBefore {
  return { job: 'settled_before', outcome: outcomeOf(recorded), progress: NO_PROGRESS, calls: 0 }
}

function outcomeOf({ outcome, reason }: Recorded): LastOutcome {
  switch (outcome) {
    case 'cleared':
      return { kind: 'cleared', verified: 'skipped' }
    case 'not_imported':
      return { kind: 'not_imported' }
    case 'cancelled':
      return { kind: 'cancelled', reason }
    case 'dead_lettered':
      return { kind: 'dead', reason }
    default:
      return outcome satisfies never
  }
}
