import type { JobData } from '../job/clear-friends-job.ts'

/** A job that is not in the queue yet. */
export interface NewJob {
  readonly name: string
  readonly data: JobData
  readonly opts: { readonly jobId: string; readonly deduplication: { readonly id: string }; readonly priority: number }
}
