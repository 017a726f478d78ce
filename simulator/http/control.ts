import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { z } from 'zod'
import { listedUserSchema } from '../accounts/users.ts'
import { isCommandName } from '../calls/commands.ts'
import { check, InvalidSimulatorInput, parseJson } from '../check.ts'
import { clockChangeSchema } from '../clock.ts'
import type { FaultRule } from '../faults/fault-rule.ts'
import { InvalidFaultRule } from '../faults/fault-text.ts'
import { latencySchema } from '../faults/latency.ts'
import { appChangeSchema } from '../gateway/apps.ts'
import { limitChangeSchema } from '../gateway/limit-table.ts'
import { resetSchema, type Steering } from '../steering.ts'
import { timingSchema } from '../timing.ts'
import { readBody } from './read-body.ts'

const MAX_BODY_BYTES = 64 * 1024 * 1024

const sdkAppId = z.int().optional()
// Each rule is read by itself, so that the error can name the rule.
const faultsSchema = z.strictObject({ rules: z.array(z.custom<FaultRule | string>()) })
const keySchema = z.strictObject({
  keys: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)], 'expected a key or a list of keys'),
  sdkAppId,
})
const appSchema = z.strictObject({ sdkAppId, change: appChangeSchema })
const userSchema = z.preprocess(user => (typeof user === 'string' ? { account: user } : user), listedUserSchema)
const usersSchema = z.strictObject({ users: z.array(userSchema) })
const newLatencySchema = z.strictObject({ latency: latencySchema })

/** Changes by the name behind `/simulator/`; each takes the body. */
const changes: Readonly<Record<string, (steering: Steering, body: unknown) => void>> = {
  faults: (steering, body) => steering.setFaults(check('faults', faultsSchema, body).rules),
  limit: (steering, body) => steering.setLimit(check('limit', limitChangeSchema, body)),
  key: (steering, body) => {
    const { keys, sdkAppId } = check('key', keySchema, body)
    steering.setKey(keys, sdkAppId)
  },
  app: (steering, body) => {
    const { change, sdkAppId } = check('app', appSchema, body)
    steering.setApp(change, sdkAppId)
  },
  clock: (steering, body) => steering.setClock(check('clock', clockChangeSchema, body)),
  users: (steering, body) => steering.importUsers(check('users', usersSchema, body).users),
  latency: (steering, body) => steering.setLatency(check('latency', newLatencySchema, body).latency),
  timing: (steering, body) => steering.setTiming(check('timing', timingSchema, body)),
  reset: (steering, body) => steering.reset(check('reset', resetSchema, body)),
}

/** Readings by the name behind `/simulator/`; each takes the query and returns the answer. */
const readings: Readonly<Record<string, (steering: Steering, query: URLSearchParams) => unknown>> = {
  figures: steering => steering.figures(),
  faults: steering => steering.figures().faults,
  arrivals: (steering, query) => {
    const command = query.get('command') ?? ''
    if (!isCommandName(command)) throw new InvalidSimulatorInput(`command: "${command}" is no vendor call`)
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
  else if (request.method === 'POST') change(steering, name, request, response)
  else sendJson(response, 405, { error: `${request.method} is not understood; use GET to read and POST to change` })
}

function read(steering: Steering, name: string, query: URLSearchParams, response: ServerResponse): void {
  const reading = readings[name]
  if (name === 'ledger') sendLedger(steering, query.get('account'), response)
  else if (reading === undefined) sendJson(response, 404, { error: `there is nothing to read at /simulator/${name}` })
  else tryTo(response, () => reading(steering, query))
}

function change(steering: Steering, name: string, request: IncomingMessage, response: ServerResponse): void {
  const apply = changes[name]
  if (apply === undefined) {
    sendJson(response, 404, { error: `there is nothing to change at /simulator/${name}` })
    return
  }
  readBody(request, MAX_BODY_BYTES, text => {
    tryTo(response, () => {
      if (text === undefined) throw new InvalidSimulatorInput(`${name}: the body is over ${MAX_BODY_BYTES} bytes`)
      apply(steering, text === '' ? {} : parseJson(text, `${name}: the body is no JSON`))
      return { ok: true }
    })
  })
}

/** Sends what the action returns, or what was wrong with the request. */
function tryTo(response: ServerResponse, action: () => unknown): void {
  try {
    sendJson(response, 200, action())
  } catch (error) {
    if (!(error instanceof InvalidSimulatorInput || error instanceof InvalidFaultRule)) throw error
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
  const lines = account === null ? steering.ledger() : [steering.ledgerOf(account)].values()
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
  Readable.from(inChunks(lines)).pipe(response)
}

function* inChunks(lines: IterableIterator<unknown>): Generator<string> {
  let chunk = ''
  let count = 0
  for (const line of lines) {
    chunk += `${JSON.stringify(line)}\n`
    count += 1
    if (count % LINES_A_CHUNK !== 0) continue
    yield chunk
    chunk = ''
  }
  if (chunk !== '') yield chunk
}

const isLoopback = (address: string): boolean => address === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address)
