import { textOfCode } from '../calls/codes.ts'
import type { Command } from '../calls/commands.ts'
import type { Reply } from '../calls/operation.ts'
import type { MalformedKind } from '../faults/fault-rule.ts'

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

const HUGE_BYTES = 5 * 1024 * 1024

const MAKERS: Readonly<Record<MalformedKind, (envelope: Envelope, text: string) => string | Buffer>> = {
  empty: () => '',
  null: () => 'null',
  array: (_, text) => `[${text}]`,
  text: () => 'OK',
  html: () => '<html><body>OK</body></html>',
  truncated: (_, text) => text.slice(0, Math.ceil(text.length / 2)),
  'code-string': envelope => JSON.stringify({ ...envelope, ErrorCode: String(envelope.ErrorCode) }),
  'no-code': ({ ErrorCode: _, ...rest }) => JSON.stringify(rest),
  'ok-nonzero': envelope => JSON.stringify({ ...envelope, ActionStatus: 'OK', ErrorCode: 30006 }),
  'fail-zero': envelope => JSON.stringify({ ...envelope, ActionStatus: 'FAIL', ErrorCode: 0 }),
  bom: (_, text) => `\uFEFF${text}`,
  'utf-16': (_, text) => Buffer.from(`\uFEFF${text}`, 'utf16le'),
  huge: envelope => JSON.stringify({ ...envelope, Padding: 'x'.repeat(HUGE_BYTES) }),
  'duplicate-keys': (_, text) => text.replace(/^\{/, '{"ActionStatus":"FAIL","ErrorCode":30006,'),
}

/** Makes the broken body of that kind out of a proper envelope. `huge` is 5 MB of valid JSON. */
export const toMalformed = (kind: MalformedKind, envelope: Envelope): string | Buffer =>
  MAKERS[kind](envelope, JSON.stringify(envelope))
