import type { MalformedKind } from '../faults/fault-rule.ts'
import type { Envelope } from './envelope.ts'

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
