import type { Clock } from '../../limiter/clock.ts'
import type { Limiter } from '../../limiter/limiter.ts'
import type { Closed } from '../../limiter/paced.ts'
import type { HealthSignal } from '../../limiter/trouble-watch.ts'
import { pause } from './backoff.ts'
import { classify, type Verdict } from './classify.ts'
import type { ApiClient, Command, Reply } from './client.ts'
import type { Connection, Connections } from './connections.ts'
import { CONNECT_BACKOFF } from './retry-policy.ts'
import type { Signer } from './signer.ts'
import type { Traffic } from './traffic.ts'
import type { Turnstile } from './turnstile.ts'

/** The verdict on a request with the number of its signature, or why no request was made. */
export type RequestResult =
  | { readonly kind: 'answered'; readonly verdict: Verdict; readonly signature: number }
  | { readonly kind: 'closed'; readonly by: Closed }

/** Parts for requests. */
export interface RequestOptions {
  readonly limiter: Pick<Limiter, 'pace' | 'observe' | 'isOutage'>
  readonly client: ApiClient
  readonly connections: Connections
  readonly signer: Signer
  readonly traffic: Pick<Traffic, 'isFree' | 'mayLeave' | 'left'>
  readonly clock: Clock
  /** Called when an open connection is at hand. */
  readonly onConnected: () => void
  /** Called with the error when no connection could be opened. */
  readonly onConnectFailed: (error: unknown) => void
  /** Called for each request that was sent, once its answer or fault is there. */
  readonly onRequest: (command: Command, verdict: Verdict, durationMs: number) => void
}

/** Who makes a call, and what it wants to hear of it. */
export interface Caller {
  /** Ends waits, never a request under way. */
  readonly signal: AbortSignal
  /** Its place in the lines of this process: of those that wait, the lowest goes first. */
  readonly rank: number
  /** Called when the call waits for its permit, or behind others that do. */
  readonly onInLine: () => void
  /** Called for every single request. */
  readonly onSent: () => void
}

/** One request of a call. */
export interface OneRequest {
  readonly command: Command
  readonly body: Readonly<Record<string, unknown>>
  readonly caller: Caller
  /** Whether this call has sent a request already. */
  readonly isRepeat: boolean
}

/**
 * Makes one request: turn, connection, permit, request, verdict, record. Each request takes a permit of its own, once
 * it has an open connection.
 */
export async function requestOnce(
  options: RequestOptions,
  turnstile: Turnstile,
  request: OneRequest,
): Promise<RequestResult> {
  const { limiter, connections, clock, onRequest, signer, traffic } = options
  const { command, caller } = request
  const sent = await sendAtSlot(options, turnstile, request)
  if (sent.kind === 'closed') return sent
  caller.onSent()
  const call = { command, sentAt: clock.monotonicMs() }
  const ended = traffic.left(call)
  const reply = await sent.reply
  if (reply.kind === 'answer') {
    sent.answered()
    connections.giveBack(sent.connection)
  } else {
    connections.discard(sent.connection)
  }
  const verdict = { ...classify(reply), call }
  ended(verdict.class === 'done')
  if (verdict.class === 'done') signer.accepted(sent.signature)
  onRequest(command, verdict, clock.monotonicMs() - call.sentAt)
  limiter.observe(command, signalOf(verdict))
  const isOutage = limiter.isOutage(command)
  return { kind: 'answered', verdict: { ...verdict, isOutage }, signature: sent.signature }
}

/** Gives what a verdict says of the vendor's health. */
export function signalOf(verdict: Verdict): HealthSignal {
  if (verdict.class === 'throttled' || verdict.class === 'throttled_all') return verdict.class
  if (!verdict.answered) return 'unanswered'
  return verdict.class === 'retry_now' || verdict.class === 'retry_later' ? 'failed' : 'answered'
}

/** Before all jobs, whose ranks are BullMQ's priorities. */
const FIRST_RANK = -1

type Sent =
  | {
      readonly kind: 'sent'
      readonly reply: Promise<Reply>
      readonly connection: Connection
      readonly signature: number
      readonly answered: () => void
    }
  | { readonly kind: 'closed'; readonly by: Closed }

/** Waits for turn, connection and permit, and sends. Replaces a connection that the vendor closed meanwhile. */
async function sendAtSlot(
  { limiter, client, connections, signer, traffic, onConnected, onConnectFailed }: RequestOptions,
  turnstile: Turnstile,
  { command, body, caller, isRepeat }: OneRequest,
): Promise<Sent> {
  const { signal } = caller
  // A repeat goes first: at the end of the line it would not be quick, and an answer that halts the fleet would be
  // late.
  const rank = isRepeat ? FIRST_RANK : caller.rank
  // Those inside have connections or open some, and leave as fast as permits come: whoever waits for them waits in line.
  if (turnstile.isFull) caller.onInLine()
  await turnstile.enter(rank)
  try {
    while (await traffic.mayLeave(signal)) {
      const connection = await connections.take().catch((error: unknown) => void onConnectFailed(error))
      if (connection === undefined) {
        // Nothing was sent, so the job waits in hand until the vendor can be reached.
        await pause(1, CONNECT_BACKOFF, signal)
        continue
      }
      onConnected()
      caller.onInLine()
      const send = (): { left: Promise<void>; reply: Promise<Reply>; signature: number } => ({
        left: connection.nextLeft(),
        reply: client.send(connection, command, body),
        signature: signer.generation,
      })
      const isReady = (): boolean => traffic.isFree && connection.isOpen()
      const paced = await limiter.pace(command, send, { signal, rank, isReady })
      if (paced.kind === 'sent') {
        const { left, ...sent } = paced.value
        void left.then(paced.left)
        return { kind: 'sent', ...sent, connection, answered: paced.answered }
      }
      connections.giveBack(connection)
      if (paced.by !== 'unready') return paced
    }
    return { kind: 'closed', by: signal.aborted ? 'aborted' : 'halted' }
  } finally {
    turnstile.leave()
  }
}
