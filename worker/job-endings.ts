import { type BackendFactory, createRedisBackend, type Job, type RedisQueueBackend, raw2NextJobData } from 'bullmq'
import { z } from 'zod'
import {
  type Completion,
  fetchesNext,
  type JobEnd,
  type Recorded,
  type Settled,
  type Settlement,
} from '../jobs/index.ts'

/** A job that ends: what is to be settled, and what BullMQ needs to complete it. */
export interface EndingJob {
  readonly job: Job
  readonly token: string
  readonly end: JobEnd
  /** Told when the job is settled, with what became of that, before BullMQ is. */
  readonly onSettled: (settled: Settled) => Promise<void>
  /** Told when it could not be settled; gives what BullMQ is told then. */
  readonly onBroken: (error: unknown) => Promise<unknown>
}

const completedSchema = z.union([z.array(z.unknown()), z.number()])
/** What BullMQ makes of a job that was completed with none to follow. */
const NOTHING_NEXT = 0

/**
 * Settles jobs in the step in which BullMQ completes them, so that no crash can come between, and all jobs that end
 * together take one round trip. BullMQ asks its backend to complete a job; this backend is BullMQ's own, apart from
 * that: a job that was announced by {@link add} is settled and completed by one script.
 */
export class JobEndings {
  readonly #settlement: Pick<Settlement, 'settle'>
  readonly #endings = new Map<string, EndingJob>()

  constructor(settlement: Pick<Settlement, 'settle'>) {
    this.#settlement = settlement
  }

  /** Announces that BullMQ will be told to complete a job, and what is to be settled then. */
  add(jobId: string, ending: EndingJob): void {
    this.#endings.set(jobId, ending)
  }

  /** Forgets a job that goes on after all, unless its next attempt has ended already. */
  forget(job: Job): void {
    const jobId = job.id ?? ''
    if (this.#endings.get(jobId)?.job === job) this.#endings.delete(jobId)
  }

  /** For BullMQ's worker. */
  readonly backend: BackendFactory<RedisQueueBackend> = (name, options, connections) => {
    const backend = createRedisBackend(name, options, connections)
    const completeOnly = backend.moveToFinished.bind(backend)
    backend.moveToFinished = (jobId, args) => {
      const ending = this.#endings.get(jobId)
      return ending === undefined ? completeOnly(jobId, args) : this.#complete(backend, jobId, ending, args)
    }
    return backend
  }

  async #complete(backend: RedisQueueBackend, jobId: string, ending: EndingJob, args: Completion) {
    const { end, onSettled, onBroken } = ending
    // It stays announced where Redis did not answer: BullMQ will ask to complete the job once more.
    const { settled, completed } = await this.#settlement.settle(jobId, end, args).catch(async (error: unknown) => {
      throw await onBroken(error)
    })
    this.#endings.delete(jobId)
    await onSettled(settled)
    switch (settled.kind) {
      case 'settled':
        return nextJobIn(backend, jobId, completed)
      case 'already':
        return completeAs(backend, ending, settled, args)
      case 'gone':
        return []
      default:
        return settled satisfies never
    }
  }
}

const REMOVED = { count: 0 }
const KEPT = false

/** Reads the answer of BullMQ's script as BullMQ does. */
function nextJobIn(backend: RedisQueueBackend, jobId: string, completed: unknown) {
  const answer = completedSchema.parse(completed)
  if (typeof answer !== 'number') return raw2NextJobData(answer)
  if (answer === NOTHING_NEXT) return []
  throw backend.finishedErrors({ code: answer, jobId, command: 'moveToFinished', state: 'active' })
}

/** Completes a job as an earlier settle recorded it, whatever this attempt came to. */
async function completeAs(backend: RedisQueueBackend, { job, token }: EndingJob, recorded: Recorded, args: Completion) {
  const next = fetchesNext(args)
  if (recorded.outcome !== 'dead_lettered') {
    const { result } = await backend.moveToCompleted(job, undefined, REMOVED, token, next)
    return result ?? []
  }
  const failedReason = `${recorded.reason.code} ${recorded.reason.text}`
  const fields = { failedReason, stacktrace: '[]' }
  const { result } = await backend.moveToFailed(job, failedReason, KEPT, token, next, fields)
  return result ?? []
}
