import { TOO_MANY_MISSING } from '../../jobs/status/fleet-state.ts'
import type { Limiter } from '../../limiter/limiter.ts'
import { classify, type Verdict } from '../vendor/classify.ts'
import type { ApiClient, Command } from '../vendor/client.ts'
import type { Connections } from '../vendor/connections.ts'
import type { Signer } from '../vendor/signer.ts'

/** Parts of a prober. */
export interface ProberOptions {
  readonly limiter: Pick<Limiter, 'probe'>
  readonly client: ApiClient
  readonly connections: Connections
  readonly signer: Signer
}

/** The code under which a worker stands aside that cannot connect to the vendor. */
export const UNREACHABLE = 'unreachable'

const AT_LEAST_MS = 5000
/** Longest wait between two probes, however long the halt has lasted. */
export const LONGEST_PROBE_PAUSE_MS = 300_000
/** Share of a halt's age that lies between two probes: 5 s in the first two minutes, 5 min after two hours. */
const SHARE_OF_AGE = 1 / 24
/**
 * Longer pauses for two codes: 70050 (too many wrong signatures) gets worse by asking, 60020 (just paid) takes time.
 */
const PATIENCE_MS: Readonly<Record<string, number>> = { '70050': 60_000, '60020': 300_000 }
/** A try to connect costs the vendor nothing, so that a worker comes back soon after its network does. */
const CONNECT_AGAIN_MS = 2000
/**
 * Codes whose cause a probe cannot see, so a person must look. The probe's list can be read although we ask the wrong
 * app (too many missing, 30002) or write bodies that the vendor cannot parse (60003).
 */
const NEEDS_A_PERSON = new Set([TOO_MANY_MISSING, '30002', '60003'])

/**
 * The account that a probe asks for. Nobody imports it, and a read of it harms nobody. It is another account than the
 * admin's, because the vendor checks the admin right only where an account asks for another (contract section 17).
 */
const PROBE_ACCOUNT = 'clear-friends-probe'

/** Whether only a person can end a halt with this code. */
export const needsAPerson = (code: string): boolean => NEEDS_A_PERSON.has(code)

/** Gives the wait between a halt and the first probe, in ms. */
export const firstProbeAfterMs = (code: string): number => nextProbeAfterMs(code, 0)

/** Gives the wait between two probes, in ms, for a halt of this age. */
export function nextProbeAfterMs(code: string, ageMs: number): number {
  if (code === UNREACHABLE) return CONNECT_AGAIN_MS
  return Math.max(PATIENCE_MS[code] ?? AT_LEAST_MS, Math.min(LONGEST_PROBE_PAUSE_MS, Math.floor(ageMs * SHARE_OF_AGE)))
}

/**
 * - `healthy`: the vendor accepts our calls.
 * - `sick`: it blames our credentials or settings.
 * - `unclear`: another answer, or none, which says nothing about us by itself.
 */
export type ProbeResult =
  | { readonly kind: 'healthy' }
  | { readonly kind: 'sick' | 'unclear'; readonly verdict: Verdict }
  | { readonly kind: 'unclear'; readonly verdict?: undefined }

/** Finds out, with one harmless read, whether the vendor accepts this worker's calls. */
export class Prober {
  readonly #options: ProberOptions

  constructor(options: ProberOptions) {
    this.#options = options
  }

  /** Sends one read, although the gate is closed. Never rejects. */
  async probe(): Promise<ProbeResult> {
    const { limiter, client, connections, signer } = this.#options
    signer.renewFromFile()
    const connection = await connections.take().catch(() => undefined)
    if (connection === undefined) return { kind: 'unclear' }
    const body = { From_Account: PROBE_ACCOUNT, StartIndex: 0 }
    const send = () => client.send(connection, 'friend_get' satisfies Command, body)
    const paced = await limiter.probe('friend_get', send)
    if (paced.kind === 'closed') {
      connections.giveBack(connection)
      return { kind: 'unclear' }
    }
    const reply = await paced.value
    if (reply.kind === 'answer') connections.giveBack(connection)
    else connections.discard(connection)
    return toResult(classify(reply))
  }

  /** Whether a connection to the vendor can be opened. Sends nothing. */
  async canConnect(): Promise<boolean> {
    const { connections } = this.#options
    const connection = await connections.take().catch(() => undefined)
    if (connection !== undefined) connections.giveBack(connection)
    return connection !== undefined
  }
}

function toResult(verdict: Verdict): ProbeResult {
  switch (verdict.class) {
    // The vendor looked for the account, and found it or not.
    case 'done':
    case 'check_account':
      return { kind: 'healthy' }
    case 'throttled':
    case 'throttled_all':
    case 'retry_now':
    case 'retry_later':
    case 'conflict':
      return { kind: 'unclear', verdict }
    case 'renew_signature':
    case 'recheck_signature':
    case 'stop':
    case 'permanent':
    case 'unexpected':
    case 'not_friends':
      return { kind: 'sick', verdict }
    default:
      return verdict.class satisfies never
  }
}
