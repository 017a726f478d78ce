import type { Connection } from './connections.ts'

/** A request as it goes over the wire. */
export interface ExchangeRequest {
  /** Path with the query. */
  readonly path: string
  /** JSON text. */
  readonly body: string
  /** Time limit for the whole exchange. */
  readonly timeoutMs: number
  /** The read of a longer body ends here. */
  readonly maxBytes: number
}

/**
 * Result of an exchange.
 * - `response`: a complete response; its text is decoded as UTF-8.
 * - `too_long`: a body of more than `maxBytes`.
 * - `nothing`: no complete response, and why. The vendor may have carried out the request.
 */
export type Exchanged =
  | { readonly kind: 'response'; readonly status: number; readonly text: string }
  | { readonly kind: 'too_long'; readonly status: number }
  | { readonly kind: 'nothing'; readonly why: TransportFault }

/** Why there was no answer. */
export type TransportFault = 'timeout' | 'reset'

/** Posts JSON on an open connection and reads the response. The first bytes leave before this returns. Never rejects. */
export async function exchange(connection: Connection, request: ExchangeRequest): Promise<Exchanged> {
  const { path, body, timeoutMs, maxBytes } = request
  const signal = AbortSignal.timeout(timeoutMs)
  const headers = { 'content-type': 'application/json' }
  try {
    const response = await connection.request({ method: 'POST', path, headers, body, signal })
    const { statusCode: status } = response
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of response.body) {
      chunks.push(chunk)
      length += chunk.length
      if (length > maxBytes) return { kind: 'too_long', status }
    }
    return { kind: 'response', status, text: new TextDecoder().decode(Buffer.concat(chunks)) }
  } catch {
    return { kind: 'nothing', why: signal.aborted ? 'timeout' : 'reset' }
  }
}
