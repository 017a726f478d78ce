import { setTimeout as sleep } from 'node:timers/promises'
import pRetry from 'p-retry'
import type { Clock } from '../../limiter/clock.ts'
import type { Closed } from '../../limiter/lane.ts'
import type { Limiter } from '../../limiter/limiter.ts'
import type { Sign } from '../../limiter/trouble-watch.ts'
import { type Backoff, fullJitterMs } from './backoff.ts'
import { classify, type Verdict } from './classify.ts'
import type { ApiClient, Command, Reply } from './client.ts'
import type { Connection, Connections } from './connections.ts'
import { CONNECT_BACKOFF, IN_CALL_BACKOFF, isWorthRepeating, REQUESTS_PER_CALL } from './retry-policy.ts'
import type { Signer } from './signer.ts'
import { Turnstile } from './turnstile.ts'

/** `answered`: the verdict on the last request. `closed`: no request was made since, and why. */
export type CallResult =
  | { readonly kind: 'answered'; readonly verdict: Verdict }
  | { readonly kind: 'closed'; readonly by: Closed }

/** A {@link CallResult} with the number of the signature that the request carried. */
type RequestResult =
  | { readonly kind: 'answered'; readonly verdict: Verdict; readonly signature: number }
  | { readonly kind: 'closed'; readonly by: Closed }

/** What a paced call is made from. */
export interface PacedCallOptions {
  /** The vendor's ceiling. */
  readonly ceilingPerSecond: number
  readonly limiter: Pick<Limiter, 'pace' | 'see'>
  readonly client: ApiClient
  readonly connections: Connections
  readonly signer: Signer
  readonly clock: Clock
  /** Told of each request that was sent, with how long its answer took. */
  readonly onRequest: (command: Command, verdict: Verdict, durationMs: number) => void
}

/** Calls the vendor. `onSent` is told of every single request; the signal ends waits, never a request under way. */
export type PacedCall = (
  command: Command,
  body: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
  onSent: () => void,
) => Promise<CallResult>

/**
 * Calls that may hold or open a connection while they wait for a permit, as seconds of the ceiling: 32 at 200 a second,
 * enough to open all connections anew with handshakes of 150 ms. Twice as many would hold twice the idle connections for
 * nothing; half would let the permits of a high ceiling wait for connections. A low ceiling has them for its first calls.
 */
const NEXT_IN_LINE_SECONDS = 0.16
const NEXT_IN_LINE_AT_LEAST = 32

/**
 * Makes the only way to the vendor: connection, permit, request, verdict, record; repeated where the policy says.
 *
 * Every request has its own permit, and takes it when an open connection is in hand. Requests are repeated at once for
 * quick faults only, and once with a new signature where the vendor calls ours expired.
 */
export function createPacedCall(options: PacedCallOptions): PacedCall {
  const turnstiles = new Map<Command, Turnstile>()
  const nextInLine = Math.max(NEXT_IN_LINE_AT_LEAST, Math.ceil(options.ceilingPerSecond * NEXT_IN_LINE_SECONDS))
  const turnstileOf = (command: Command): Turnstile => {
    const turnstile = turnstiles.get(command) ?? new Turnstile(nextInLine)
    turnstiles.set(command, turnstile)
    return turnstile
  }

  return async (command, body, signal, onSent) => {
    let renewed = false
    let result: CallResult = { kind: 'closed', by: 'aborted' }
    const once = async (): Promise<void> => {
      const isRepeat = result.kind === 'answered'
      const next = await requestOnce(options, turnstileOf(command), { command, body, signal, onSent, isRepeat })
      // A repeat that could not be made leaves what the request before it has shown.
      if (next.kind === 'closed' && result.kind === 'answered') return
      result = next
      if (next.kind === 'closed') return
      if (!renewed && mayPassWithNewSignature(next, options.signer)) {
        renewed = true
        return once()
      }
      if (next.verdict.class === 'recheck_signature') options.signer.renewFromFile()
      if (isWorthRepeating(next.verdict)) throw new WorthRepeating()
    }
    await pRetry(once, {
      retries: REQUESTS_PER_CALL - 1,
      minTimeout: 0,
      // p-retry's own jitter never goes below the full span, so the wait is ours.
      onFailedAttempt: ({ attemptNumber, retriesLeft }) =>
        retriesLeft > 0 ? pause(attemptNumber, IN_CALL_BACKOFF, signal) : undefined,
      shouldRetry: () => !signal.aborted,
    }).catch(passUnlessRepeated)
    return result
  }
}

/** Whether the signature was refused and the one in use now may pass; signs anew where that may help. */
function mayPassWithNewSignature(
  { verdict, signature }: RequestResult & { kind: 'answered' },
  signer: Signer,
): boolean {
  if (verdict.class !== 'renew_signature' && verdict.class !== 'stop') return false
  return signer.refused(signature, verdict.class === 'renew_signature')
}

/** Tells p-retry to go on; the verdict itself is kept beside it, as a value. */
class WorthRepeating extends Error {}

function passUnlessRepeated(error: unknown): void {
  if (!(error instanceof WorthRepeating)) throw error
}

const pause = async (tries: number, backoff: Backoff, signal: AbortSignal): Promise<void> => {
  await sleep(fullJitterMs(tries, backoff), undefined, { signal }).catch(() => {})
}

interface OneRequest {
  readonly command: Command
  readonly body: Readonly<Record<string, unknown>>
  readonly signal: AbortSignal
  readonly onSent: () => void
  /** Whether this call has sent a request before. */
  readonly isRepeat: boolean
}

async function requestOnce(
  options: PacedCallOptions,
  turnstile: Turnstile,
  request: OneRequest,
): Promise<RequestResult> {
  const { connections, clock, onRequest, signer } = options
  const { command, onSent } = request
  const sent = await sendAtSlot(options, turnstile, request)
  if (sent.kind === 'closed') return sent
  onSent()
  const sentAt = clock.monotonicMs()
  const reply = await sent.reply
  if (reply.kind === 'answer') {
    sent.answered()
    connections.giveBack(sent.connection)
  } else {
    connections.discard(sent.connection)
  }
  const verdict = classify(reply)
  if (verdict.class === 'done') signer.accepted(sent.signature)
  onRequest(command, verdict, clock.monotonicMs() - sentAt)
  options.limiter.see(command, signOf(verdict))
  return { kind: 'answered', verdict, signature: sent.signature }
}

function signOf(verdict: Verdict): Sign {
  if (verdict.class === 'throttled' || verdict.class === 'throttled_all') return verdict.class
  return verdict.answered ? 'answered' : 'unanswered'
}

type Sent =
  | {
      readonly kind: 'sent'
      readonly reply: Promise<Reply>
      readonly connection: Connection
      readonly signature: number
      readonly answered: () => void
    }
  | { readonly kind: 'closed'; readonly by: Closed }

/** Takes its turn, a connection, a permit, and sends. A connection that the vendor closed meanwhile is replaced. */
async function sendAtSlot(
  { limiter, client, connections, signer }: PacedCallOptions,
  turnstile: Turnstile,
  { command, body, signal, isRepeat }: OneRequest,
): Promise<Sent> {
  // Behind everybody else a quick repeat would not be quick, and an answer that must halt the fleet would come late.
  await turnstile.enter(isRepeat ? 'first' : 'last')
  try {
    while (!signal.aborted) {
      const connection = await connections.take().catch(() => undefined)
      if (connection === undefined) {
        // Nothing was sent, so the job is as it was: it waits in hand until the vendor can be reached.
        await pause(1, CONNECT_BACKOFF, signal)
        continue
      }
      const send = (): { reply: Promise<Reply>; signature: number } => ({
        reply: client.send(connection, command, body),
        signature: signer.generation,
      })
      const paced = await limiter.pace(command, send, { signal, isReady: () => connection.isOpen() })
      if (paced.kind === 'sent') return { kind: 'sent', ...paced.value, connection, answered: paced.answered }
      connections.giveBack(connection)
      if (paced.by !== 'unready') return paced
    }
    return { kind: 'closed', by: 'aborted' }
  } finally {
    turnstile.leave()
  }
}
