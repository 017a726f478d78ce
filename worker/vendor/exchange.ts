import { errors } from 'undici'
import { readVersion } from '../../config/version.ts'
import type { Connection } from './connections.ts'

/** A request as it goes over the wire. */
export interface ExchangeRequest {
  /** Path with the query. */
  readonly path: string
  /** JSON text. */
  readonly body: string
  /** Time limit for the whole exchange. */
  readonly timeoutMs: number
}

/**
 * Result of an exchange.
 * - `response`: a complete response; its text is decoded as UTF-8.
 * - `too_long`: a body that is longer than the connection takes.
 * - `nothing`: no complete response, and why. The vendor may have carried out the request.
 */
export type Exchanged =
  | {
      readonly kind: 'response'
      readonly status: number
      readonly retryAfterMs: number | undefined
      readonly text: string
    }
  | { readonly kind: 'too_long'; readonly status: number }
  | { readonly kind: 'nothing'; readonly why: TransportFault }

/** Why there was no answer. */
export type TransportFault = 'timeout' | 'reset'

/** The vendor's support finds our calls by the User-Agent. */
const HEADERS = { 'content-type': 'application/json', 'user-agent': `clear-friends/${readVersion()}` }

/** A proxy that wants us to wait for longer is broken, or something that a person must look at. */
const RETRY_AFTER_AT_MOST_MS = 300_000

/** Parses the header Retry-After, seconds or an HTTP date, as ms from now; nothing where it is neither. */
function parseRetryAfter(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_AT_MOST_MS)
}

/** Posts JSON on an open connection and reads the response. Never rejects. */
export async function exchange(connection: Connection, request: ExchangeRequest): Promise<Exchanged> {
  const { path, body, timeoutMs } = request
  const controller = new AbortController()
  const { signal } = controller
  const timer = setTimeout(() => controller.abort(), timeoutMs)
  let status: number | undefined
  try {
    const response = await connection.request({ method: 'POST', path, headers: HEADERS, body, signal })
    status = response.statusCode
    const retryAfterMs = parseRetryAfter(response.headers['retry-after'])
    return { kind: 'response', status, retryAfterMs, text: await response.body.text() }
  } catch (error) {
    if (status !== undefined && error instanceof errors.ResponseExceededMaxSizeError)
      return { kind: 'too_long', status }
    return { kind: 'nothing', why: signal.aborted ? 'timeout' : 'reset' }
  } finally {
    clearTimeout(timer)
  }
}
