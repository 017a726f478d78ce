import { randomInt } from 'node:crypto'
import { doubledKeys } from '../../config/doubled-keys.ts'
import { parseJson } from '../../config/parse-json.ts'
import type { Connection } from './connections.ts'
import { type Exchanged, exchange, type TransportFault } from './exchange.ts'
import type { Signer } from './signer.ts'
import { type Envelope, envelopeSchema } from './wire.ts'

/** A command of the vendor, as the URL names it. */
export type Command = keyof typeof SERVICE_OF

const SERVICE_OF = {
  friend_delete_all: 'sns',
  friend_delete: 'sns',
  friend_get: 'sns',
  account_check: 'im_open_login_svc',
} as const

/** All commands that a worker calls. */
export const COMMANDS: readonly Command[] = ['friend_delete_all', 'friend_get', 'friend_delete', 'account_check']

/**
 * Reply to one request.
 * - `answer`: HTTP 200 with a body that keeps the contract; the code in it decides.
 * - `http`: another status.
 * - `malformed`: HTTP 200 with a body that breaks the contract.
 * - `transport`: no answer; the vendor may have acted on the request.
 */
export type Reply =
  | { readonly kind: 'answer'; readonly envelope: Envelope; readonly body: unknown }
  | { readonly kind: 'http'; readonly status: number; readonly retryAfterMs?: number | undefined }
  | { readonly kind: 'malformed'; readonly what: string }
  | { readonly kind: 'transport'; readonly what: TransportFault }

/** Identity and limits of a client. */
export interface ClientOptions {
  readonly sdkAppId: number
  readonly admin: string
  readonly signer: Signer
  /** Longest wait for an answer, in ms. The vendor gives up by itself after 3 s, so it must be longer. Default 10 s. */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 10_000
const UINT32 = 2 ** 32
const hasDoubledKey = doubledKeys(['ErrorCode', 'ActionStatus'])

/**
 * Speaks the vendor's REST API: one method, one request. No permit, no retry, no judgement.
 *
 * Envelope and URL: vendor page 1047/34620, read 2026-11.
 */
export class ApiClient {
  readonly #options: ClientOptions
  readonly #timeoutMs: number
  readonly #caller: string
  #random = randomInt(UINT32)

  constructor(options: ClientOptions) {
    this.#options = options
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS
    this.#caller = `sdkappid=${options.sdkAppId}&identifier=${encodeURIComponent(options.admin)}`
  }

  /**
   * Sends one request on an open connection; `connection.nextLeft` tells when it leaves. Never rejects.
   *
   * @param connection open, and not in use by another request
   * @param body the command's arguments, as the vendor names them
   */
  async send(connection: Connection, command: Command, body: Readonly<Record<string, unknown>>): Promise<Reply> {
    const request = {
      path: this.#path(command),
      body: JSON.stringify(body),
      timeoutMs: this.#timeoutMs,
    }
    return toReply(await exchange(connection, request))
  }

  #path(command: Command): string {
    // The vendor wants a random number; an odd step gives all 32-bit numbers before it repeats one.
    this.#random = (this.#random + 0x9e3779b1) % UINT32
    return (
      `/v4/${SERVICE_OF[command]}/${command}?${this.#caller}` +
      `&usersig=${this.#options.signer.signature()}&random=${this.#random}&contenttype=json`
    )
  }
}

function toReply(exchanged: Exchanged): Reply {
  if (exchanged.kind === 'nothing') return { kind: 'transport', what: exchanged.why }
  const { status } = exchanged
  if (status !== 200) {
    return { kind: 'http', status, retryAfterMs: exchanged.kind === 'response' ? exchanged.retryAfterMs : undefined }
  }
  if (exchanged.kind === 'too_long') return { kind: 'malformed', what: 'a body that is too long' }
  const { text } = exchanged
  const body = parseJson(text)
  if (body === undefined) return { kind: 'malformed', what: text === '' ? 'an empty body' : 'a body that is no JSON' }
  // JSON.parse takes the last of two codes; nobody knows which one the vendor meant.
  if (hasDoubledKey(text)) return { kind: 'malformed', what: 'a doubled key' }
  const envelope = envelopeSchema.safeParse(body)
  if (!envelope.success) return { kind: 'malformed', what: 'JSON without a usable ErrorCode and ActionStatus' }
  return { kind: 'answer', envelope: envelope.data, body }
}
