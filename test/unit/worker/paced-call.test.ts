import { afterEach, describe, expect, it } from 'vitest'
import { RETRY_PRIORITY } from '../../../jobs/job/due.ts'
import { systemClock } from '../../../limiter/clock.ts'
import type { HealthSignal } from '../../../limiter/trouble-watch.ts'
import { ApiClient, type Command } from '../../../worker/vendor/client.ts'
import { Connections } from '../../../worker/vendor/connections.ts'
import { type CallResult, createPacedCall, type PacedCallOptions } from '../../../worker/vendor/paced-call.ts'
import type { Caller as VendorCaller } from '../../../worker/vendor/send-request.ts'
import { Signer } from '../../../worker/vendor/signer.ts'
import { Traffic } from '../../../worker/vendor/traffic.ts'
import { eventually } from '../../helpers/eventually.ts'
import { type ByteServer, type Bytes, httpAnswer, startByteServer } from '../../helpers/network/byte-server.ts'
import { aCaller } from '../../helpers/vendor/caller.ts'

const opened: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close()
})

const envelope = (code: number): Uint8Array =>
  httpAnswer(Buffer.from(JSON.stringify({ ActionStatus: code === 0 ? 'OK' : 'FAIL', ErrorCode: code, ErrorInfo: '' })))

interface Caller {
  readonly server: ByteServer
  readonly signs: HealthSignal[]
  /** Number of answers that the call has reported to the limiter. */
  answers(): number
  /** Number of calls of which the limiter has heard that they left. */
  departures(): number
  readonly signer: Signer
  /** Content of the key's file, which the signer reads when the call asks it to. */
  readonly keyFile: { text: string }
  call(command?: Command, caller?: VendorCaller): Promise<CallResult>
}

/** Starts a paced call without Redis. Default: it gets every permit at once. */
async function startCaller(
  answer: (n: number, request: string) => Bytes,
  untilPermit: () => Promise<void> = () => Promise.resolve(),
): Promise<Caller> {
  const server = await startByteServer(answer)
  const keyFile = { text: 'a'.repeat(64) }
  let key = keyFile.text
  const options = { sdkAppId: 1_400_000_000, admin: 'administrator' }
  const signer = new Signer({
    ...options,
    key: () => key,
    reloadKey: () => {
      const changed = key !== keyFile.text
      key = keyFile.text
      return changed
    },
  })
  const connections = new Connections({ origin: server.url, connectTimeoutMs: 5000 })
  opened.push(connections, server)
  const signs: HealthSignal[] = []
  let answers = 0
  const answered = (): void => {
    answers += 1
  }
  let departures = 0
  const left = (): void => {
    departures += 1
  }
  const limiter: PacedCallOptions['limiter'] = {
    pace: async (_command, send) => {
      await untilPermit()
      return { kind: 'sent', value: send(), left, answered }
    },
    observe: (_command, sign) => void signs.push(sign),
    isOutage: () => false,
  }
  const client = new ApiClient({ ...options, signer, timeoutMs: 10_000 })
  const call = createPacedCall({
    ceilingPerSecond: 200,
    limiter,
    client,
    connections,
    signer,
    traffic: new Traffic(),
    clock: systemClock,
    onConnected: () => {},
    onConnectFailed: () => {},
    onRequest: () => {},
  })
  return {
    server,
    signs,
    answers: () => answers,
    departures: () => departures,
    signer,
    keyFile,
    call: (command = 'friend_delete_all', caller = aCaller()) => call(command, { From_Account: 'user_1' }, caller),
  }
}

const sayCodes =
  (...codes: readonly number[]) =>
  (n: number): Bytes => ({ bytes: envelope(codes[Math.min(n, codes.length - 1)] ?? 0) })

const signatureOf = (request: string): string => /usersig=([^&]+)/.exec(request)?.[1] ?? ''
const classOf = (result: CallResult): string => (result.kind === 'answered' ? result.verdict.class : result.by)

describe('a paced call', () => {
  it.each([
    ['30006 once', [30006, 0], 2, 'done'],
    ['30006 for good', [30006], 3, 'retry_now'],
    ['30007 once', [30007, 0], 2, 'done'],
    ['60008 for good', [60008], 3, 'retry_later'],
    ['30008, which hammering would prolong', [30008, 0], 1, 'conflict'],
    ['60007', [60007, 0], 1, 'throttled'],
    ['30001', [30001, 0], 1, 'permanent'],
    ['60010', [60010, 0], 1, 'stop'],
    ['an unlisted code', [61234, 0], 1, 'retry_later'],
  ] as const)('after %s sends what the policy says', async (_, codes, requests, cls) => {
    const caller = await startCaller(sayCodes(...codes))
    expect(classOf(await caller.call())).toBe(cls)
    expect(caller.server.requests).toHaveLength(requests)
  })

  it.each([
    ['a 502', { bytes: httpAnswer(Buffer.from('<html>'), { status: 502 }) }],
    ['half a body', { bytes: httpAnswer(Buffer.from('{"Act'), { length: 80 }), after: 'end' }],
    ['a reset', { bytes: '', after: 'reset' }],
    ['no JSON', { bytes: httpAnswer(Buffer.from('<html>ok</html>')) }],
    ['an empty body', { bytes: httpAnswer(Buffer.from('')) }],
  ] as const)('repeats after %s, on another connection', async (_, bad) => {
    const caller = await startCaller(n => (n === 0 ? bad : { bytes: envelope(0) }))
    expect(classOf(await caller.call())).toBe('done')
    expect(caller.server.requests).toHaveLength(2)
    expect(caller.signs).toEqual(['unanswered', 'answered'])
  })

  it('tells the limiter when an answer came, because a late one is of a call that may have arrived late', async () => {
    const caller = await startCaller(n => (n === 0 ? { bytes: '', after: 'reset' } : { bytes: envelope(0) }))
    await caller.call()
    expect(caller.server.requests).toHaveLength(2)
    expect(caller.answers()).toBe(1)
  })

  it('tells the limiter when each call left, because a busy process sends later than it meant to', async () => {
    const caller = await startCaller(sayCodes(0))
    for (const calls of [1, 2, 3]) {
      await caller.call()
      expect(caller.departures()).toBe(calls)
    }
  })

  it('waits in line behind calls that hold connections, so that no further jobs are taken for it', async () => {
    let grant = (): void => {}
    const permit = new Promise<void>(resolve => {
      grant = resolve
    })
    const caller = await startCaller(sayCodes(0), () => permit)
    let inLine = 0
    const call = (): Promise<CallResult> => caller.call('friend_delete_all', { ...aCaller(), onInLine: () => inLine++ })
    const holding = Array.from({ length: 32 }, call)
    expect(inLine).toBe(0)
    const behind = call()
    expect(inLine).toBe(1)
    grant()
    expect((await Promise.all([...holding, behind])).map(classOf)).toEqual(Array(33).fill('done'))
  })

  it('goes before calls that came earlier and are less urgent, such as a retried one before all others', async () => {
    const permits: (() => void)[] = []
    const grant = async (n: number): Promise<void> => {
      await eventually(`permit ${n}`, async () => permits.length > n)
      permits[n]?.()
    }
    const caller = await startCaller(sayCodes(0), () => new Promise<void>(resolve => permits.push(resolve)))
    const call = (rank: number): Promise<number> =>
      caller.call('friend_delete_all', { ...aCaller(), rank }).then(() => rank)
    const holding = Array.from({ length: 32 }, () => call(RETRY_PRIORITY + 1))
    await eventually('all connections to be held', async () => permits.length === holding.length)
    const [later, sooner] = [call(RETRY_PRIORITY + 1), call(RETRY_PRIORITY)]
    await grant(0)
    await grant(holding.length)
    expect(await Promise.race([later, sooner])).toBe(RETRY_PRIORITY)
    for (let n = 1; n < holding.length; n++) await grant(n)
    await grant(holding.length + 1)
    await Promise.all([...holding, later])
  })

  it('does not repeat what a proxy refuses', async () => {
    const caller = await startCaller(() => ({ bytes: httpAnswer(Buffer.from('no'), { status: 403 }) }))
    expect(classOf(await caller.call())).toBe('retry_later')
    expect(caller.server.requests).toHaveLength(1)
  })

  it('never follows a redirect, because the URL carries the signature', async () => {
    const headers = ['Location: http://127.0.0.1:1/']
    const caller = await startCaller(() => ({ bytes: httpAnswer(Buffer.from(''), { status: 302, headers }) }))
    expect(classOf(await caller.call())).toBe('stop')
    expect(caller.server.requests).toHaveLength(1)
  })
})

describe('the signature of a paced call', () => {
  it.each([70001, 70003, 70052])('is made anew once after %i', async code => {
    const healed = await startCaller(sayCodes(code, 0))
    expect(classOf(await healed.call())).toBe('done')
    const ill = await startCaller(sayCodes(code))
    expect(classOf(await ill.call())).toBe('renew_signature')
    expect(ill.server.requests).toHaveLength(2)
  })

  it('is not made anew by every call when that does not help', async () => {
    const ill = await startCaller(sayCodes(70001))
    const results = await Promise.all(Array.from({ length: 20 }, () => ill.call()))
    expect(new Set(results.map(classOf))).toEqual(new Set(['renew_signature']))
    expect(classOf(await ill.call())).toBe('renew_signature')
    expect(ill.signer.generation).toBe(2)
    // All twenty calls carried the first signature and were repeated; the vendor refused the second one to the last
    // call.
    expect(ill.server.requests.length).toBeLessThanOrEqual(41)
  })

  it.each([60004, 60005])('is made anew twice after %i, which may pass by itself', async code => {
    const healed = await startCaller(sayCodes(code, code, 0))
    expect(classOf(await healed.call())).toBe('done')
    const ill = await startCaller(sayCodes(code))
    expect(classOf(await ill.call())).toBe('recheck_signature')
    expect(ill.server.requests).toHaveLength(3)
    expect(ill.signer.generation).toBeGreaterThan(2)
  })

  it('is made with the rotated key when the vendor refuses the old one', async () => {
    const caller = await startCaller(sayCodes(70009, 0))
    caller.keyFile.text = 'b'.repeat(64)
    expect(classOf(await caller.call())).toBe('done')
    const [before, after] = caller.server.requests.map(signatureOf)
    expect(before).not.toBe(after)
  })

  it('halts nobody when all calls under way carried the old key: one reads the new one, the others repeat', async () => {
    let old = ''
    const caller = await startCaller((_, request) => {
      old ||= signatureOf(request)
      return { bytes: envelope(signatureOf(request) === old ? 70009 : 0) }
    })
    caller.signer.signature()
    caller.keyFile.text = 'b'.repeat(64)
    const results = await Promise.all(Array.from({ length: 10 }, () => caller.call()))
    expect(results.map(classOf)).toEqual(Array.from({ length: 10 }, () => 'done'))
  })

  it('is our fault when the key stays wrong', async () => {
    const caller = await startCaller(sayCodes(70009))
    expect(classOf(await caller.call())).toBe('stop')
    caller.keyFile.text = 'b'.repeat(64)
    expect(classOf(await caller.call())).toBe('stop')
    expect(caller.server.requests).toHaveLength(3)
  })
})
