/**
 * Thrown when an account, due date or request id does not fit the job's contract. The message never holds the account.
 */
export class InvalidJobError extends Error {
  override readonly name = 'InvalidJobError'
  readonly code = 'INVALID_JOB'
}

/** Thrown when the producer could not enqueue a batch even by sending it again; says how far the import came. */
export class EnqueueInterruptedError extends Error {
  override readonly name = 'EnqueueInterruptedError'
  readonly code = 'ENQUEUE_INTERRUPTED'
  /** Number of entries, from the start, in the queue (accepted, duplicate) or refused. Later ones may be missing. */
  readonly entriesDone: number

  constructor(message: string, entriesDone: number, cause: unknown) {
    super(message, { cause })
    this.entriesDone = entriesDone
  }
}

/** Thrown when a rate is no whole number from 1 to the ceiling; the rate in force stays. */
export class InvalidRateError extends Error {
  override readonly name = 'InvalidRateError'
  readonly code = 'INVALID_RATE'
}

/** Thrown when a request id leads to no figures: no job ever named it, or its figures have expired. */
export class UnknownRequestError extends Error {
  override readonly name = 'UnknownRequestError'
  readonly code = 'UNKNOWN_REQUEST'
}

/** Thrown when the receipts in Redis are sealed with another key than the one given. Nothing was written. */
export class ReceiptKeyError extends Error {
  override readonly name = 'ReceiptKeyError'
  readonly code = 'RECEIPT_KEY'

  constructor() {
    super(
      'RECEIPT_KEY is not the key that the receipts in this Redis are sealed with. All workers and commands need the same one, for good.',
    )
  }
}
