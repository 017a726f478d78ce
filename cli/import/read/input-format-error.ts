/**
 * Thrown when the input as a whole does not fit, so that the operator must mend it or say how to read it. The message
 * holds no text of the input, since any line of it may hold a user id.
 */
export class InputFormatError extends Error {
  override readonly name = 'InputFormatError'
  readonly code = 'INPUT_FORMAT'
}
