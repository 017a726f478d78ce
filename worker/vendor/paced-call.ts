/**
 * The only way of a job to the vendor: permit, request, verdict, record; repeated where the policy says so.
 *
 * What belongs in `vendor/`: the vendor's API (`client.ts`, `wire.ts`), what its codes mean (`error-codes.ts`),
 * connections, signatures, repeats. What does not: what a verdict means for a job (`attempt/`), and when a permit is
 * granted (`limiter/`).
 */

import pRetry from 'p-retry'
import type { Closed } from '../../limiter/paced.ts'
import { pause } from './backoff.ts'
import type { Verdict } from './classify.ts'
import type { Command } from './client.ts'
import { IN_CALL_BACKOFF, isWorthRepeating, REQUESTS_PER_CALL } from './retry-policy.ts'
import { type Caller, type OneRequest, type RequestOptions, type RequestResult, requestOnce } from './send-request.ts'
import type { Signer } from './signer.ts'
import { Turnstile } from './turnstile.ts'

/** `answered`: the verdict on the last request. `closed`: the call made no request, and why. */
export type CallResult =
  | { readonly kind: 'answered'; readonly verdict: Verdict }
  | { readonly kind: 'closed'; readonly by: Closed }

/** Parts and limits of paced calls. */
export interface PacedCallOptions extends RequestOptions {
  /** The vendor's ceiling. */
  readonly ceilingPerSecond: number
}

/** Calls the vendor. */
export type PacedCall = (
  command: Command,
  body: Readonly<Record<string, unknown>>,
  caller: Caller,
) => Promise<CallResult>

/**
 * Calls that may hold a connection while they wait for a permit, as seconds of the ceiling: 32 at 200 calls/s. They can
 * open all connections anew with handshakes of 150 ms. Double would keep twice the connections idle; half would let
 * permits of a high ceiling wait for connections. Low ceilings get at least 32, for their first calls.
 */
const NEXT_IN_LINE_SECONDS = 0.16
const NEXT_IN_LINE_AT_LEAST = 32

/**
 * Makes paced calls, the only way of a job to the vendor. A call makes up to three requests, as `retry-policy.ts` says, and one
 * more with a new signature if the vendor refuses the old one.
 */
export function createPacedCall(options: PacedCallOptions): PacedCall {
  const turnstiles = new Map<Command, Turnstile>()
  const nextInLine = Math.max(NEXT_IN_LINE_AT_LEAST, Math.ceil(options.ceilingPerSecond * NEXT_IN_LINE_SECONDS))
  const turnstileOf = (command: Command): Turnstile => {
    const turnstile = turnstiles.get(command) ?? new Turnstile(nextInLine)
    turnstiles.set(command, turnstile)
    return turnstile
  }

  return (command, body, caller) => makeRequests(options, turnstileOf(command), { command, body, caller })
}

/** Makes the requests of one call. The result is that of the last request that was made. */
async function makeRequests(
  options: PacedCallOptions,
  turnstile: Turnstile,
  request: Omit<OneRequest, 'isRepeat'>,
): Promise<CallResult> {
  const { signer } = options
  let result: CallResult = { kind: 'closed', by: 'aborted' }
  let mayRenew = true
  const requestNext = async (): Promise<RequestResult> => {
    const isRepeat = result.kind === 'answered'
    const next = await requestOnce(options, turnstile, { ...request, isRepeat })
    // If the repeat cannot be made, the result of the request before it stands.
    if (next.kind === 'answered' || !isRepeat) result = next
    return next
  }
  const requestOrThrow = async (): Promise<void> => {
    let next = await requestNext()
    if (next.kind === 'answered' && mayRenew && mayPassWithNewSignature(next, signer)) {
      mayRenew = false
      next = await requestNext()
    }
    if (next.kind === 'closed') return
    if (next.verdict.class === 'recheck_signature') signer.renewFromFile()
    if (isWorthRepeating(next.verdict)) throw new WorthRepeating()
  }
  await pRetry(requestOrThrow, {
    retries: REQUESTS_PER_CALL - 1,
    minTimeout: 0,
    // p-retry's own jitter never goes below the full span, so this waits instead.
    onFailedAttempt: ({ attemptNumber, retriesLeft }) =>
      retriesLeft > 0 ? pause(attemptNumber, IN_CALL_BACKOFF, request.caller.signal) : undefined,
    shouldRetry: () => !request.caller.signal.aborted,
  }).catch(passUnlessRepeated)
  return result
}

/** Whether the vendor refused the signature and would accept the one in use now; signs anew if that may help. */
function mayPassWithNewSignature(
  { verdict, signature }: RequestResult & { kind: 'answered' },
  signer: Signer,
): boolean {
  if (verdict.class !== 'renew_signature' && verdict.class !== 'stop') return false
  return signer.refused(signature, verdict.class === 'renew_signature')
}

/** Lets p-retry go on; the verdict itself stays a value. */
class WorthRepeating extends Error {}

function passUnlessRepeated(error: unknown): void {
  if (!(error instanceof WorthRepeating)) throw error
}
