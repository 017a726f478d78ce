import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { z } from 'zod'
import { listedUserSchema } from '../accounts/users.ts'
import { isCommandName } from '../calls/commands.ts'
import { check, InvalidSimulatorInputError, parseJson } from '../check.ts'
import { clockChangeSchema } from '../clock.ts'
import type { FaultRule } from '../faults/fault-rule.ts'
import { InvalidFaultRuleError } from '../faults/fault-text.ts'
import { latencySchema } from '../faults/latency.ts'
import { appChangeSchema } from '../gateway/apps.ts'
import { limitChangeSchema } from '../gateway/limit-table.ts'
import { resetSchema, type Steering } from '../steering.ts'
import { timingSchema } from '../timing.ts'
import { readBody } from './read-body.ts'

const MAX_BODY_BYTES = 64 * 1024 * 1024

const sdkAppId = z.int().optional()
const keysSchema = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)], 'expected a key or a list of keys')
const userSchema = z.preprocess(user => (typeof user === 'string' ? { account: user } : user), listedUserSchema)

/** Makes a change that checks its body first; the error names the change. */
function change<T>(schema: z.ZodType<T>, apply: (steering: Steering, body: T) => void) {
  return (name: string, steering: Steering, body: unknown): void => apply(steering, check(name, schema, body))
}

/** Changes by the name behind `/simulator/`. */
const changes: Readonly<Record<string, ReturnType<typeof change>>> = {
  // Each rule is read by itself, so that the error can name the rule.
  faults: change(z.strictObject({ rules: z.array(z.custom<FaultRule | string>()) }), (steering, { rules }) =>
    steering.setFaults(rules),
  ),
  limit: change(limitChangeSchema, (steering, body) => steering.setLimit(body)),
  key: change(z.strictObject({ keys: keysSchema, sdkAppId }), (steering, body) =>
    steering.setKey(body.keys, body.sdkAppId),
  ),
  app: change(z.strictObject({ sdkAppId, change: appChangeSchema }), (steering, body) =>
    steering.setApp(body.change, body.sdkAppId),
  ),
  clock: change(clockChangeSchema, (steering, body) => steering.setClock(body)),
  users: change(z.strictObject({ users: z.array(userSchema) }), (steering, { users }) => steering.importUsers(users)),
  latency: change(z.strictObject({ latency: latencySchema }), (steering, body) => steering.setLatency(body.latency)),
  timing: change(timingSchema, (steering, body) => steering.setTiming(body)),
  reset: change(resetSchema, (steering, body) => steering.reset(body)),
}

/** Readings by the name behind `/simulator/`; each takes the query and returns the answer. */
const readings: Readonly<Record<string, (steering: Steering, query: URLSearchParams) => unknown>> = {
  figures: steering => steering.figures(),
  faults: steering => steering.figures().faults,
  arrivals: (steering, query) => {
    const command = query.get('command') ?? ''
    if (!isCommandName(command)) throw new InvalidSimulatorInputError(`command: "${command}" is no vendor call`)
    return { command, stamps: steering.arrivals(command) }
  },
  friends: (steering, query) => {
    const account = query.get('account') ?? ''
    return { account, friends: steering.friendsOf(account) }
  },
}

/**
 * Answers a request to a path under `/simulator`, by which a running simulator is read and steered. Bodies are JSON;
 * a bad one changes nothing and is answered with 400 and `{ error }`. Only callers on this machine are let in.
 */
export function steerOverHttp(steering: Steering, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://simulator')
  const name = pathname.slice('/simulator/'.length)
  if (!isLoopback(request.socket.remoteAddress ?? '')) {
    sendJson(response, 403, { error: 'the simulator is steered from its own machine only' })
  } else if (name === '') {
    sendJson(response, 200, { read: [...Object.keys(readings), 'ledger'], change: Object.keys(changes) })
  } else if (request.method === 'GET') read(steering, name, searchParams, response)
  else if (request.method === 'POST') receiveChange(steering, name, request, response)
  else sendJson(response, 405, { error: `${request.method} is not understood; use GET to read and POST to change` })
}

function read(steering: Steering, name: string, query: URLSearchParams, response: ServerResponse): void {
  const reading = Object.hasOwn(readings, name) ? readings[name] : undefined
  if (name === 'ledger') sendLedger(steering, query.get('account'), response)
  else if (reading === undefined) sendJson(response, 404, { error: `there is nothing to read at /simulator/${name}` })
  else tryTo(response, () => reading(steering, query))
}

function receiveChange(steering: Steering, name: string, request: IncomingMessage, response: ServerResponse): void {
  const apply = Object.hasOwn(changes, name) ? changes[name] : undefined
  if (apply === undefined) {
    sendJson(response, 404, { error: `there is nothing to change at /simulator/${name}` })
    return
  }
  readBody(request, MAX_BODY_BYTES, text => {
    tryTo(response, () => {
      if (text === undefined) throw new InvalidSimulatorInputError(`${name}: the body is over ${MAX_BODY_BYTES} bytes`)
      apply(name, steering, text === '' ? {} : parseJson(text, `${name}: the body is no JSON`))
      return { ok: true }
    })
  })
}

/** Sends what the action returns, or what was wrong with the request. */
function tryTo(response: ServerResponse, action: () => unknown): void {
  try {
    sendJson(response, 200, action())
  } catch (error) {
    if (!(error instanceof InvalidSimulatorInputError || error instanceof InvalidFaultRuleError)) throw error
    sendJson(response, 400, { error: error.message })
  }
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value)
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}

const LINES_A_CHUNK = 500

/** Streams the ledger in pieces, so that a million accounts neither fill the memory nor hold up the calls. */
function sendLedger(steering: Steering, account: string | null, response: ServerResponse): void {
  const lines = account === null ? steering.ledger() : [steering.ledgerOf(account)]
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
  Readable.from(inChunks(lines)).pipe(response)
}

function* inChunks(lines: Iterable<unknown>): Generator<string> {
  let chunk: string[] = []
  for (const line of lines) {
    chunk.push(`${JSON.stringify(line)}\n`)
    if (chunk.length < LINES_A_CHUNK) continue
    yield chunk.join('')
    chunk = []
  }
  yield chunk.join('')
}

const isLoopback = (address: string): boolean => address === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address)
