import { randomInt } from 'node:crypto'
import type { Dispatcher } from 'undici'
import type { Connection } from './connections.ts'
import type { Signer } from './signer.ts'
import { type Envelope, envelopeSchema } from './wire.ts'

/** A vendor command with the service it belongs to, as the URL names them. */
export type Command = keyof typeof SERVICE_OF

const SERVICE_OF = {
  friend_delete_all: 'sns',
  friend_delete: 'sns',
  friend_get: 'sns',
  account_check: 'im_open_login_svc',
} as const

/** All commands that are called. */
export const COMMANDS: readonly Command[] = ['friend_delete_all', 'friend_get', 'friend_delete', 'account_check']

/**
 * What came of one request.
 * - `answer`: HTTP 200 with a body that keeps the contract; its code decides.
 * - `http`: another status.
 * - `malformed`: HTTP 200 with a body that breaks the contract.
 * - `transport`: no answer; the vendor may have acted on the request.
 */
export type Reply =
  | { readonly kind: 'answer'; readonly envelope: Envelope; readonly body: unknown }
  | { readonly kind: 'http'; readonly status: number }
  | { readonly kind: 'malformed'; readonly what: string }
  | { readonly kind: 'transport'; readonly what: TransportFault }

/** Why there was no answer. */
type TransportFault = 'timeout' | 'reset'

/** What a client is made from. */
export interface ClientOptions {
  readonly sdkAppId: number
  readonly admin: string
  readonly signer: Signer
  /** Longer than the vendor's own 3 s, after which it answers by itself. Default 10 s. */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 10_000
/** The vendor fails answers over 1 MB (code 10018), so twice that is no answer of the vendor. */
const BODY_MAX_BYTES = 2 * 1024 * 1024
const UINT32 = 2 ** 32
const DECISIVE_KEYS = [/"ErrorCode"\s*:/g, /"ActionStatus"\s*:/g]

/**
 * Speaks the vendor's REST API: one method, one request. No permit, no retry, no judgement.
 *
 * Envelope and URL: vendor page 1047/34620, read 2026-11.
 */
export class ApiClient {
  readonly #options: ClientOptions
  readonly #timeoutMs: number
  #random = randomInt(UINT32)

  constructor(options: ClientOptions) {
    this.#options = options
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  }

  /**
   * Sends one request on an open connection; the first bytes leave before this returns. Never rejects.
   *
   * @param connection open, and not in use by another request
   * @param command which call
   * @param body what the command takes
   */
  async send(connection: Connection, command: Command, body: Readonly<Record<string, unknown>>): Promise<Reply> {
    const timeout = new AbortController()
    const timer = setTimeout(() => timeout.abort(), this.#timeoutMs)
    try {
      const response = await connection.request({
        method: 'POST',
        path: this.#path(command),
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: timeout.signal,
        headersTimeout: 0,
        bodyTimeout: 0,
      })
      return await readReply(response)
    } catch {
      return { kind: 'transport', what: timeout.signal.aborted ? 'timeout' : 'reset' }
    } finally {
      clearTimeout(timer)
    }
  }

  #path(command: Command): string {
    const { sdkAppId, admin, signer } = this.#options
    // Steps through all 32-bit numbers before any comes again, which independent draws do not.
    this.#random = (this.#random + 0x9e3779b1) % UINT32
    return (
      `/v4/${SERVICE_OF[command]}/${command}?sdkappid=${sdkAppId}&identifier=${encodeURIComponent(admin)}` +
      `&usersig=${signer.signature()}&random=${this.#random}&contenttype=json`
    )
  }
}

async function readReply(response: Dispatcher.ResponseData): Promise<Reply> {
  const text = await readText(response.body)
  if (response.statusCode !== 200) return { kind: 'http', status: response.statusCode }
  if (text === null) return { kind: 'malformed', what: 'a body that is too long' }
  const body = parseJson(text)
  if (body === undefined) return { kind: 'malformed', what: text === '' ? 'an empty body' : 'a body that is no JSON' }
  // JSON lets the last of two codes win; which one the vendor meant cannot be known.
  const plain = unescapeLetters(text)
  if (DECISIVE_KEYS.some(key => (plain.match(key)?.length ?? 0) > 1))
    return { kind: 'malformed', what: 'a doubled key' }
  const envelope = envelopeSchema.safeParse(body)
  if (!envelope.success) return { kind: 'malformed', what: 'JSON without a usable ErrorCode and ActionStatus' }
  return { kind: 'answer', envelope: envelope.data, body }
}

/** JSON may spell a letter of a key as an escape; the key is the same. */
const unescapeLetters = (text: string): string =>
  text.replace(/\\u00([4-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/** Reads at most what an answer may have; `null` when there is more. */
async function readText(body: Dispatcher.ResponseData['body']): Promise<string | null> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    length += chunk.length
    if (length > BODY_MAX_BYTES) return null
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}

function parseJson(text: string): unknown {
  try {
    const parsed: unknown = JSON.parse(text)
    return parsed === undefined ? null : parsed
  } catch {
    return undefined
  }
}
