import { createHmac } from 'node:crypto'
import { type Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { deflateSync } from 'node:zlib'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../../simulator/index.ts'

/** The vendor's public sample key. */
export const SAMPLE_KEY = '5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e'
export const APP_ID = 1_400_000_000

/** Fields of a signature; a test can make each wrong on purpose. */
export interface SigningInput {
  readonly sdkAppId?: number
  readonly identifier?: string
  readonly key?: string
  readonly issuedAt?: number
  readonly expireSeconds?: number
  readonly level?: number
  readonly trailer?: string
}

/** Signs as the vendor's libraries do, written here once more so that the simulator is not checked against itself. */
export function sign(input: SigningInput = {}): string {
  const { sdkAppId = APP_ID, identifier = 'administrator', key = SAMPLE_KEY, expireSeconds = 86_400 } = input
  const issuedAt = input.issuedAt ?? Math.floor(Date.now() / 1000)
  const text = `TLS.identifier:${identifier}\nTLS.sdkappid:${sdkAppId}\nTLS.time:${issuedAt}\nTLS.expire:${expireSeconds}\n`
  const document = {
    'TLS.sig': createHmac('sha256', key).update(text).digest('base64'),
    'TLS.ver': '2.0',
    'TLS.identifier': identifier,
    'TLS.sdkappid': sdkAppId,
    'TLS.expire': expireSeconds,
    'TLS.time': issuedAt,
  }
  return pack(`${JSON.stringify(document)}${input.trailer ?? ''}`, input.level)
}

/** Compresses and encodes in the vendor's letters. */
export const pack = (text: string, level = 6): string =>
  deflateSync(text, { level }).toString('base64').replaceAll('+', '*').replaceAll('/', '-').replaceAll('=', '_')

export interface CallInput {
  readonly service?: string
  readonly method?: string
  readonly headers?: Record<string, string>
  /** Replaces parts of the query; `undefined` leaves one out. */
  readonly query?: Record<string, string | undefined>
  /** Replaces the whole query string. */
  readonly rawQuery?: string
  /** Replaces the JSON of the body. */
  readonly rawBody?: string | Buffer
  readonly agent?: Agent
  /** Hangs up. */
  readonly signal?: AbortSignal
}

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

let counter = 0

/** The query of a proper call, with whatever the test wants to be different. */
export function queryOf(changes: Record<string, string | undefined> = {}): string {
  counter += 1
  const all: Record<string, string | undefined> = {
    sdkappid: String(APP_ID),
    identifier: 'administrator',
    usersig: sign(),
    random: String(counter),
    contenttype: 'json',
    ...changes,
  }
  return Object.entries(all)
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`]))
    .join('&')
}

/** Sends one call and reads the whole answer; rejects when the connection breaks or the caller hangs up. */
export const send = (simulator: Simulator, command: string, body: unknown, input: CallInput = {}): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const service = input.service ?? (/^account_/.test(command) ? 'im_open_login_svc' : 'sns')
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port: simulator.port,
        method: input.method ?? 'POST',
        path: `/v4/${service}/${command}?${input.rawQuery ?? queryOf(input.query)}`,
        headers: input.headers,
        agent: input.agent,
        signal: input.signal,
      },
      response => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) })
        })
      },
    )
    request.on('error', reject)
    request.end(input.rawBody ?? JSON.stringify(body))
  })

/** Starts to clear `user_1`; gives a function that hangs up and resolves with whether an answer came before. */
export const startClear = (simulator: Simulator): (() => Promise<'answered' | 'no answer'>) => {
  const caller = new AbortController()
  const ended = send(simulator, 'friend_delete_all', clear('user_1'), { signal: caller.signal }).then(
    () => 'answered' as const,
    () => 'no answer' as const,
  )
  return () => {
    caller.abort()
    return ended
  }
}

/** An answer in the vendor's envelope, with the fields any of the calls may have. */
export interface Answer {
  readonly ActionStatus: string
  readonly ErrorCode: number
  readonly ErrorInfo: string
  readonly ErrorDisplay?: unknown
  readonly RequestId?: unknown
  readonly ResultItem?: unknown
  readonly InfoItem?: unknown
  readonly UserDataItem?: unknown
  readonly BlackListItem?: unknown
  readonly Fail_Account?: unknown
  readonly FriendNum?: unknown
  readonly CompleteFlag?: unknown
  readonly NextStartIndex?: unknown
}

/** Sends one call and reads its envelope. */
export async function call(
  simulator: Simulator,
  command: string,
  body: unknown,
  input: CallInput = {},
): Promise<Answer> {
  const answer = await send(simulator, command, body, input)
  const parsed: unknown = JSON.parse(answer.body.toString('utf8'))
  if (answer.status !== 200 || !isAnswer(parsed)) {
    throw new Error(`no envelope: ${answer.status} ${answer.body.toString('utf8')}`)
  }
  return parsed
}

const isAnswer = (value: unknown): value is Answer =>
  typeof value === 'object' && value !== null && 'ErrorCode' in value && 'ActionStatus' in value

/** Sends one call and gives the code of its answer. */
export const codeOf = async (
  simulator: Simulator,
  command: string,
  body: unknown,
  input: CallInput = {},
): Promise<number> => (await call(simulator, command, body, input)).ErrorCode

export const clear = (account: string, type = 'Delete_Type_Both'): unknown => ({
  From_Account: account,
  DeleteType: type,
})

/** Runs something with a simulator and closes it whatever happens. */
export async function withSimulator(
  options: SimulatorOptions,
  run: (simulator: Simulator) => Promise<void>,
): Promise<void> {
  const simulator = await startSimulator(options)
  try {
    await run(simulator)
  } finally {
    await simulator.close()
  }
}
