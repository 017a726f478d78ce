import { textOfCode } from '../calls/codes.ts'
import type { Command } from '../calls/commands.ts'
import type { Reply } from '../calls/operation.ts'

/** A whole answer: the envelope with the fields of the call. */
export interface Envelope extends Readonly<Record<string, unknown>> {
  readonly ActionStatus: 'OK' | 'FAIL'
  readonly ErrorCode: number
  readonly ErrorInfo: string
}

/**
 * Puts a reply into the vendor's envelope: the fields of the call, then ActionStatus, ErrorCode, ErrorInfo, and
 * ErrorDisplay for `sns/*` only.
 */
export const toEnvelope = (command: Command | undefined, reply: Reply): Envelope => ({
  ...reply.fields,
  ActionStatus: reply.code === 0 ? 'OK' : 'FAIL',
  ErrorCode: reply.code,
  ErrorInfo: reply.code === 0 ? (command?.successInfo ?? '') : textOfCode(reply.code),
  ...(command?.hasErrorDisplay === true ? { ErrorDisplay: '' } : {}),
})
