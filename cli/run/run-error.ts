/** Thrown when a run cannot begin or go on. The message says what stands in the way and what to do. */
export class RunError extends Error {
  override readonly name = 'RunError'
  readonly code = 'RUN'
}
