/** Answers of any bytes: a call ends as one of the outcomes, and as a success only where the vendor said so. */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clearAccount } from '../../../worker/attempt/clear-account.ts'
import { parseProgress } from '../../../worker/attempt/progress.ts'
import { classify, type Verdict } from '../../../worker/vendor/classify.ts'
import { ApiClient } from '../../../worker/vendor/client.ts'
import { Connections } from '../../../worker/vendor/connections.ts'
import { FaultStreaks } from '../../../worker/vendor/fault-streaks.ts'
import { Signer } from '../../../worker/vendor/signer.ts'
import { type ByteServer, type Bytes, httpAnswer, startByteServer } from '../../helpers/network/byte-server.ts'
import { aCaller } from '../../helpers/vendor/caller.ts'
import { friendPage, scriptedCall } from '../../helpers/vendor/scripted-call.ts'

const MEGABYTE = 1024 * 1024
/** Much longer than an answer of 5 MB takes on a busy machine. */
const PATIENT_MS = 60_000
/** For a body that never ends, where a longer wait would end in the same way. */
const IMPATIENT_MS = 100

const APP = { sdkAppId: 1_400_000_000, admin: 'administrator' }

let server: ByteServer
let connections: Connections
let signer: Signer
let next: Bytes

beforeAll(async () => {
  server = await startByteServer(() => next)
  connections = new Connections({ origin: server.url, connectTimeoutMs: 5000 })
  signer = new Signer({ ...APP, key: () => 'a'.repeat(64), reloadKey: () => false })
})

afterAll(async () => {
  connections.close()
  await server.close()
})

async function hear(bytes: Bytes, timeoutMs = PATIENT_MS): Promise<Verdict> {
  next = bytes
  const client = new ApiClient({ ...APP, signer, timeoutMs })
  const connection = await connections.take()
  const reply = await client.send(connection, 'friend_delete_all', { From_Account: 'user_1' })
  connections.discard(connection)
  return classify(reply)
}

const text = (json: string): Uint8Array => Buffer.from(json)
const OK = '{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","ErrorDisplay":""}'

/** Judges a body independently of our code: a success is OK and 0, each stated once. */
function saysDone(body: Uint8Array): boolean {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(body))
    if (typeof parsed !== 'object' || parsed === null) return false
    const { ActionStatus: status, ErrorCode: code } = parsed as Record<string, unknown>
    return status === 'OK' && (code === 0 || code === '0')
  } catch {
    return false
  }
}

const CLASSES = new Set([
  ...['done', 'not_friends', 'retry_now', 'retry_later', 'conflict', 'throttled', 'throttled_all', 'renew_signature'],
  ...['recheck_signature', 'check_account', 'stop', 'permanent', 'unexpected'],
])

const anyStatus = fc.oneof(fc.constantFrom<unknown>('OK', 'FAIL', 'ok', '', null, true, 0), fc.jsonValue())
const anyCode = fc.oneof(
  fc.constantFrom<unknown>(0, '0', '00', -0, 0.5, null, '', true, [0], {}, 1e20, '30003', 30003, 61234),
  fc.integer(),
)
const anyEnvelope = fc.record(
  { ActionStatus: anyStatus, ErrorCode: anyCode, ErrorInfo: fc.jsonValue(), ErrorDisplay: fc.jsonValue() },
  { requiredKeys: [] },
)
const anyBody: fc.Arbitrary<Uint8Array> = fc.oneof(
  anyEnvelope.map(envelope => text(JSON.stringify(envelope))),
  fc.json().map(text),
  fc.string({ unit: 'binary' }).map(text),
  fc.uint8Array({ maxLength: 300 }),
  fc
    .tuple(anyEnvelope, fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([envelope, share]) => text(JSON.stringify(envelope)).subarray(0, Math.floor(share * 60))),
)

describe('an answer of any shape', () => {
  it('is one of the outcomes, and a success only where status and code say so', async () => {
    await fc.assert(
      fc.asyncProperty(anyBody, async body => {
        const verdict = await hear({ bytes: httpAnswer(body) })
        expect(CLASSES).toContain(verdict.class)
        if (verdict.class === 'done') expect(saysDone(body)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('is a success whatever the vendor writes into its texts, or leaves out', async () => {
    const texts = fc.record({ ErrorInfo: fc.jsonValue(), ErrorDisplay: fc.jsonValue() }, { requiredKeys: [] })
    await fc.assert(
      fc.asyncProperty(texts, async said => {
        const body = text(JSON.stringify({ ActionStatus: 'OK', ErrorCode: 0, ...said }))
        expect(await hear({ bytes: httpAnswer(body) })).toMatchObject({ class: 'done' })
      }),
      { numRuns: 100 },
    )
  })

  it('is no success when it is cut off anywhere, or its length is told wrongly', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: OK.length - 1 }), fc.boolean(), async (cut, toldShorter) => {
        const body = text(OK)
        const bytes = toldShorter
          ? httpAnswer(body, { length: cut })
          : httpAnswer(body.subarray(0, cut), { length: body.length })
        const verdict = await hear({ bytes, after: 'end' })
        expect(verdict).toMatchObject({ class: 'retry_later', outcomeUnknown: true })
      }),
      { numRuns: 60 },
    )
  })

  const others: readonly (readonly [string, Bytes, string])[] = [
    ['a success', { bytes: httpAnswer(text(OK)) }, '0'],
    ['a success behind a BOM', { bytes: httpAnswer(Buffer.concat([Buffer.from('\uFEFF'), text(OK)])) }, '0'],
    ['a success without a length', { bytes: httpAnswer(text(OK), { length: 'none' }), after: 'end' }, '0'],
    ['a success with a numeric string', { bytes: httpAnswer(text(OK.replace(':0', ':"0"'))) }, '0'],
    ['a success behind a 100 Continue that nobody asked for', { bytes: afterContinue(httpAnswer(text(OK))) }, '0'],
    ['UTF-16', { bytes: httpAnswer(Buffer.from(OK, 'utf16le')) }, 'malformed'],
    ['a body in gzip that nobody asked for', { bytes: gzipped() }, 'malformed'],
    ['two codes, the last a success', { bytes: httpAnswer(text(`{"ErrorCode":30007,${OK.slice(1)}`)) }, 'malformed'],
    [
      'two codes, one spelled with an escape',
      { bytes: httpAnswer(text(`{"Error\\u0043ode":30007,${OK.slice(1)}`)) },
      'malformed',
    ],
    ['two statuses', { bytes: httpAnswer(text(`{"ActionStatus":"FAIL",${OK.slice(1)}`)) }, 'malformed'],
    ['OK with a code', { bytes: httpAnswer(text(OK.replace(':0', ':30006'))) }, 'contradiction'],
    ['FAIL with 0', { bytes: httpAnswer(text(OK.replace('OK', 'FAIL'))) }, 'contradiction'],
    ['a success with status 502', { bytes: httpAnswer(text(OK), { status: 502 }) }, 'http_5xx'],
    ['a success with status 206', { bytes: httpAnswer(text(OK), { status: 206 }) }, 'malformed'],
    ['no HTTP at all', { bytes: 'hello\r\n\r\n', after: 'end' }, 'reset'],
    ['a status line that is none', { bytes: 'HTTP/9.9 OK\r\n\r\n', after: 'end' }, 'reset'],
    ['5 MB', { bytes: httpAnswer(text(OK + ' '.repeat(5 * MEGABYTE))) }, 'malformed'],
    ['5 MB without a length', { bytes: httpAnswer(text(' '.repeat(5 * MEGABYTE)), { length: 'none' }) }, 'malformed'],
  ]
  it.each(others)('%s is judged for what it is', async (_, bytes, label) => {
    expect((await hear(bytes)).label).toBe(label)
  })

  it('a body that never ends is a time-out', async () => {
    const endless = { bytes: httpAnswer(text(OK), { length: 1000 }) }
    expect((await hear(endless, IMPATIENT_MS)).label).toBe('timeout')
  })
})

function afterContinue(answer: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'), answer])
}

function gzipped(): Uint8Array {
  return httpAnswer(gzipSync(OK), { headers: ['Content-Encoding: gzip'] })
}

const KINDS = ['cleared', 'not_imported', 'retry', 'snooze', 'stop', 'dead']
const fieldsOf = (keys: readonly string[]): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(Object.fromEntries(keys.map(key => [key, anyField])), { requiredKeys: [] })
const anyItem = fc.record(
  {
    To_Account: fc.constantFrom<unknown>('a', 'b', 1, null),
    ResultCode: fc.constantFrom<unknown>(0, '0', 31704, 30008, 30001, null),
    AccountStatus: fc.constantFrom<unknown>('NotImported', 'Imported', '', 1),
  },
  { requiredKeys: [] },
)
const anyField = fc.oneof(
  fc.constantFrom<unknown>(0, 1, -1, null, '', []),
  fc.array(anyItem, { maxLength: 3 }),
  fc.jsonValue(),
)
const anyList = fieldsOf(['UserDataItem', 'FriendNum', 'CompleteFlag', 'NextStartIndex', 'ResultItem'])

describe('a success with a body of any shape', () => {
  it('never proves a list empty that does not say so', async () => {
    await fc.assert(
      fc.asyncProperty(anyList, async page => {
        const { call } = scriptedCall({ friend_delete_all: [0], friend_get: [page] })
        const { outcome } = await clear(call)
        expect(KINDS).toContain(outcome.kind)
        if (outcome.kind !== 'cleared') return
        expect(page['FriendNum']).toBe(0)
        expect(Number(page['CompleteFlag'])).not.toBe(0)
        expect(page['UserDataItem'] ?? []).toHaveLength(0)
      }),
    )
  })

  it('never makes an account not_imported that is not called so', async () => {
    await fc.assert(
      fc.asyncProperty(anyList, async body => {
        const { call } = scriptedCall({ friend_delete_all: [30003], account_check: [body] })
        const { outcome } = await clear(call)
        expect(KINDS).toContain(outcome.kind)
        if (outcome.kind === 'not_imported') expect(JSON.stringify(body)).toContain('"AccountStatus":"NotImported"')
      }),
    )
  })

  it('never calls friends deleted by name that nothing was said of', async () => {
    await fc.assert(
      fc.asyncProperty(anyList, async body => {
        const { call } = scriptedCall({ friend_get: [friendPage('a', 'b'), friendPage()], friend_delete: [body] })
        const { outcome } = await clear(call, 5)
        expect(KINDS).toContain(outcome.kind)
        if (outcome.kind !== 'cleared') return
        const results = body['ResultItem'] as { To_Account: unknown }[]
        expect(results.map(item => item.To_Account)).toEqual(expect.arrayContaining(['a', 'b']))
      }),
    )
  })
})

const clear = (call: ReturnType<typeof scriptedCall>['call'], conflicts = 0): ReturnType<typeof clearAccount> =>
  clearAccount(
    { account: 'user_1' },
    { ...parseProgress({}), conflicts },
    {
      call,
      faultStreaks: new FaultStreaks(),
      verify: true,
      caller: aCaller(),
      wait: async () => {},
    },
  )
