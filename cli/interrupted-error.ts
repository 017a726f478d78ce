/** Thrown when a signal ended a command before it did anything that would have to be reported. Running it again is safe. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError'
  readonly code = 'INTERRUPTED'
}
