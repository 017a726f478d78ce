/** A job as the pool hands it in: the fields of BullMQ that are used, data not parsed yet. */
export interface JobInHand {
  readonly id: string
  /** The job in logs and traces; its id may be a user id, see `jobs/job/job-names.ts`. */
  readonly name: string
  readonly data: unknown
  /** Counts of earlier attempts, not parsed yet. */
  readonly progress: unknown
  /** Attempts that ended before this one. */
  readonly attemptsMade: number
  /** Trace context of the producer's span, if the producer traces; not parsed yet. */
  readonly traceContext?: unknown
  /** How often a worker lost the job: the worker crashed, or its lock ran out. */
  readonly timesStalled: number
  /** Epoch ms, by the producer's clock. */
  readonly enqueuedAt: number
}
