import type { Dispatcher } from 'undici'
import type { Connection } from './connections.ts'

/** A request as it goes over the wire. */
export interface ExchangeRequest {
  /** With the query. */
  readonly path: string
  /** JSON text. */
  readonly body: string
  /** The whole exchange, in milliseconds. */
  readonly timeoutMs: number
  /** Longer bodies are not read to their end. */
  readonly maxBytes: number
}

/**
 * What came back.
 * - `response`: the whole of it; the text is decoded as UTF-8.
 * - `too_long`: more than was asked for.
 * - `nothing`: no complete response, and why; the other side may have acted on the request.
 */
export type Exchanged =
  | { readonly kind: 'response'; readonly status: number; readonly text: string }
  | { readonly kind: 'too_long'; readonly status: number }
  | { readonly kind: 'nothing'; readonly why: TransportFault }

/** Why there was no answer. */
export type TransportFault = 'timeout' | 'reset'

const decoder = new TextDecoder()

/**
 * Posts JSON on an open connection and takes in the response. The first bytes leave before this returns. Never rejects.
 *
 * Takes what undici has for those who build on it: its `request` makes a stream of every body, which for answers of fifty
 * bytes took a tenth of a worker's time.
 */
export function exchange(connection: Connection, request: ExchangeRequest): Promise<Exchanged> {
  return new Promise(resolve => {
    const receiver = new Receiver(request, resolve)
    connection.dispatch(
      {
        method: 'POST',
        path: request.path,
        headers: { 'content-type': 'application/json' },
        body: request.body,
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      receiver,
    )
  })
}

/** Collects one response. Whatever comes first ends it: the end, a fault, too many bytes, or the time. */
class Receiver implements Dispatcher.DispatchHandler {
  readonly #request: ExchangeRequest
  readonly #resolve: (exchanged: Exchanged) => void
  readonly #timer: NodeJS.Timeout
  readonly #chunks: Buffer[] = []
  #controller: Dispatcher.DispatchController | undefined
  #length = 0
  #status = 0
  #over = false

  constructor(request: ExchangeRequest, resolve: (exchanged: Exchanged) => void) {
    this.#request = request
    this.#resolve = resolve
    this.#timer = setTimeout(() => this.#giveUp({ kind: 'nothing', why: 'timeout' }), request.timeoutMs)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#over) controller.abort(GIVEN_UP)
  }

  // Comes for each interim response too; the last one counts.
  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    if (this.#length > this.#request.maxBytes) this.#giveUp({ kind: 'too_long', status: this.#status })
  }

  onResponseEnd(): void {
    const [first] = this.#chunks
    const bytes = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks)
    this.#end({ kind: 'response', status: this.#status, text: decoder.decode(bytes) })
  }

  onResponseError(): void {
    this.#end({ kind: 'nothing', why: 'reset' })
  }

  #giveUp(exchanged: Exchanged): void {
    this.#end(exchanged)
    this.#controller?.abort(GIVEN_UP)
  }

  #end(exchanged: Exchanged): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#timer)
    this.#resolve(exchanged)
  }
}

const GIVEN_UP = new Error('the exchange was given up')
