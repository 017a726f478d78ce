/** A job as the pool hands it in: BullMQ's fields that matter, the data still unparsed. */
export interface JobInHand {
  readonly id: string
  readonly data: unknown
  /** What earlier attempts left, still unparsed. */
  readonly progress: unknown
  /** Attempts that ended before this one. */
  readonly attemptsMade: number
  /** How often a worker took the job, crashes included. */
  readonly timesStarted: number
  /** What leads back to the span that enqueued it, where somebody traces; still unparsed. */
  readonly traceContext?: unknown
  /** How often a worker lost it: it crashed, or its lock ran out. */
  readonly timesStalled: number
  /** Epoch ms, by the producer's clock. */
  readonly enqueuedAt: number
}
