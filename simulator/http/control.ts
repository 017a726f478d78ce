import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { z } from 'zod'
import { listedUserSchema } from '../accounts/users.ts'
import { isCommandName } from '../calls/commands.ts'
import { InvalidFaultRule, readFaultRules } from '../faults/fault-text.ts'
import { latencySchema } from '../faults/latency.ts'
import { appChangeSchema } from '../gateway/apps.ts'
import { limitChangeSchema } from '../gateway/limit-table.ts'
import { check, InvalidSimulatorInput } from '../options.ts'
import type { Steering } from '../steering.ts'
import type { ControlHandler } from './server.ts'

const MAX_BODY_BYTES = 64 * 1024 * 1024

const appId = z.int().optional()
const durationMs = z.number().min(0)

const schemas = {
  // Each rule is read by itself, so that the error can name the rule.
  faults: z.strictObject({ rules: z.array(z.unknown()) }),
  key: z.strictObject({
    keys: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)], 'expected a key or a list of keys'),
    sdkAppId: appId,
  }),
  app: z.strictObject({ sdkAppId: appId, change: appChangeSchema }),
  clock: z.strictObject({
    skewMs: z.number().optional(),
    at: z.number().optional(),
    frozen: z.boolean().optional(),
  }),
  users: z.strictObject({
    users: z.array(z.preprocess(user => (typeof user === 'string' ? { account: user } : user), listedUserSchema)),
  }),
  latency: z.strictObject({ latency: latencySchema }),
  timing: z.strictObject({
    lockMs: durationMs.nullable().optional(),
    conflictMs: durationMs.nullable().optional(),
    readLagMs: durationMs.optional(),
    backendTimeout: z
      .union([
        z.literal(false),
        z.strictObject({
          afterMs: durationMs.optional(),
          code: z.int().optional(),
          applies: z.enum(['before', 'after', 'never']).optional(),
        }),
      ])
      .optional(),
  }),
  reset: z.strictObject({ figures: z.boolean().optional(), users: z.boolean().optional() }),
}

/** What can be changed: the name behind `/simulator/`, and what its body does. */
const changes: Readonly<Record<string, (steering: Steering, body: unknown) => void>> = {
  faults: (steering, body) => steering.setFaults(readFaultRules(check('faults', schemas.faults, body).rules)),
  limit: (steering, body) => steering.setLimit(check('limit', limitChangeSchema, body)),
  key: (steering, body) => {
    const { keys, sdkAppId } = check('key', schemas.key, body)
    steering.setKey(keys, sdkAppId)
  },
  app: (steering, body) => {
    const { change, sdkAppId } = check('app', schemas.app, body)
    steering.setApp(change, sdkAppId)
  },
  clock: (steering, body) => steering.setClock(check('clock', schemas.clock, body)),
  users: (steering, body) => steering.importUsers(check('users', schemas.users, body).users),
  latency: (steering, body) => steering.setLatency(check('latency', schemas.latency, body).latency),
  timing: (steering, body) => steering.setTiming(check('timing', schemas.timing, body)),
  reset: (steering, body) => steering.reset(check('reset', schemas.reset, body)),
}

/** What can be read: the name behind `/simulator/`, and its answer by query. */
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
 * Makes the handler of the paths under `/simulator`, by which a running simulator is read and steered. Bodies are
 * JSON; a bad one changes nothing and is answered with 400 and `{ error }`. Only callers on this machine are let in.
 */
export const createControl =
  (steering: Steering): ControlHandler =>
  (path, query, request, response) => {
    const name = path.slice('/simulator/'.length)
    if (!isLoopback(request.socket.remoteAddress ?? '')) {
      sendJson(response, 403, { error: 'the simulator is steered from its own machine only' })
      return
    }
    if (name === '')
      sendJson(response, 200, { read: [...Object.keys(readings), 'ledger'], change: Object.keys(changes) })
    else if (request.method === 'GET') read(steering, name, new URLSearchParams(query), response)
    else if (request.method === 'POST') change(steering, name, request, response)
    else sendJson(response, 405, { error: `${request.method} is not understood; use GET to read and POST to change` })
  }

function read(steering: Steering, name: string, query: URLSearchParams, response: ServerResponse): void {
  if (name === 'ledger') {
    sendLedger(steering, query.get('account'), response)
    return
  }
  const reading = readings[name]
  if (reading === undefined) {
    sendJson(response, 404, { error: `there is nothing to read at /simulator/${name}` })
    return
  }
  tryTo(response, () => sendJson(response, 200, reading(steering, query)))
}

function change(steering: Steering, name: string, request: IncomingMessage, response: ServerResponse): void {
  const apply = changes[name]
  if (apply === undefined) {
    sendJson(response, 404, { error: `there is nothing to change at /simulator/${name}` })
    return
  }
  const chunks: Buffer[] = []
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
  })
  request.on('end', () => {
    tryTo(response, () => {
      if (bytes > MAX_BODY_BYTES) throw new InvalidSimulatorInput(`${name}: the body is over ${MAX_BODY_BYTES} bytes`)
      apply(steering, parseJson(name, Buffer.concat(chunks).toString('utf8')))
      sendJson(response, 200, { ok: true })
    })
  })
}

function parseJson(name: string, text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text)
  } catch (error) {
    throw new InvalidSimulatorInput(`${name}: the body is no JSON`, { cause: error })
  }
}

function tryTo(response: ServerResponse, action: () => void): void {
  try {
    action()
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
