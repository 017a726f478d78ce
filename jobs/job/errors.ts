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

/**
 * Thrown when the fleet in this Redis is bound to another app, host, receipt key or data version than the caller means.
 * Nothing was written.
 */
export class ForeignFleetError extends Error {
  override readonly name = 'ForeignFleetError'
  readonly code = 'FOREIGN_FLEET'

  /**
   * @param differences what differs, in words, with both values
   * @param act advice for the operator
   */
  constructor(differences: readonly string[], act: string) {
    super(`The fleet under this REDIS_PREFIX is another one: ${differences.join('; ')}. Nothing was done. ${act}`)
  }
}

/** Thrown when a fleet cannot be bound to another app because something of the old one is left. Nothing was changed. */
export class FleetInUseError extends Error {
  override readonly name = 'FleetInUseError'
  readonly code = 'FLEET_IN_USE'

  /** @param left what is left, in words */
  constructor(left: readonly string[]) {
    super(
      `The fleet is not empty, so it was not moved: ${left.join('; ')}. Stop its workers, let its jobs end or cancel them, and discard its dead letters; or give the other app a REDIS_PREFIX of its own.`,
    )
  }
}
