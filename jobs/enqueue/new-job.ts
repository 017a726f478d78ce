import { JOB_NAME } from '../../redis/keys.ts'
import { type JobData, makeJobData } from '../job/clear-friends-job.ts'
import { priorityOfDue } from '../job/due.ts'
import type { EnqueueOptions } from './entry.ts'

/** A job that is not in the queue yet. */
export interface NewJob {
  readonly name: string
  readonly data: JobData
  readonly opts: { readonly jobId: string; readonly deduplication: { readonly id: string }; readonly priority: number }
}

/**
 * Makes the job of an account.
 *
 * @param options `due` in epoch seconds
 * @param app SDKAppID, if it is known
 * @throws {InvalidJobError} when the account or an option does not fit
 */
export function makeNewJob(
  account: string,
  options: EnqueueOptions & { readonly due: number },
  jobId: string,
  app: number | undefined,
): NewJob {
  const { deleteType = 'both', request, due } = options
  const data = makeJobData({ account, deleteType, request, app, due })
  return { name: JOB_NAME, data, opts: { jobId, deduplication: { id: account }, priority: priorityOfDue(due) } }
}
