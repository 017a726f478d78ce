/**
 * Preloaded into a worker with `--import`: ends it as `kill -9` does, at the step that the variable `CRASH_AT` names.
 * It recognizes the steps by the traffic on the worker's connections, so that no part of the product knows of them.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { Client, type Dispatcher } from 'undici'
import { ledgerLua } from '../../../jobs/settle/ledger.ts'

/** The steps of a job at which a worker may be crashed, in their order. */
export const CRASH_STEPS = [
  'before-delete',
  'delete-sent',
  'delete-answered',
  'before-read',
  'read-answered',
  'before-settle',
  'settle-sent',
  'settle-answered',
] as const

/** See {@link CRASH_STEPS}. */
export type CrashStep = (typeof CRASH_STEPS)[number]

const crashAt = process.env['CRASH_AT']

function crashIf(step: string): void {
  if (step !== crashAt) return
  process.kill(process.pid, 'SIGKILL')
  // The signal comes at once; no later code may run until then.
  for (;;);
}

const settleLua = readFileSync(new URL('../../../jobs/settle/settle.lua', import.meta.url), 'utf8')
const settleSha = createHash('sha1')
  .update(ledgerLua + settleLua)
  .digest('hex')

/** Whether a command settles a job: by the script's hash, or by its text where the server does not know it. */
function settles(name: string, [script]: readonly unknown[]): boolean {
  if (name !== 'evalsha' && name !== 'eval') return false
  return script === settleSha || (typeof script === 'string' && script.includes('Settles a job'))
}

const send = Redis.prototype.sendCommand
Redis.prototype.sendCommand = function sendOrCrash(this: Redis, command, stream) {
  if (!settles(command.name, command.args)) return send.call(this, command, stream)
  crashIf('before-settle')
  const answer = send.call(this, command, stream)
  // The write is on its way when the loop has turned once; Redis may have read it or not.
  setImmediate(() => crashIf('settle-sent'))
  command.promise.then(() => crashIf('settle-answered')).catch(() => {})
  return answer
}

/** Long enough for a request to arrive, but shorter than the vendor's answer takes in these tests. */
const ARRIVES_WITHIN_MS = 20

function stepOfPath(path: string): string | undefined {
  if (path.includes('friend_delete_all')) return 'delete'
  return path.includes('friend_get') ? 'read' : undefined
}

/** Passes all events on, but crashes when the whole answer is here, before the worker learns of it. */
function crashWhenAnswered(step: string, handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (...args) => handler.onRequestStart?.(...args),
    onResponseStart: (...args) => handler.onResponseStart?.(...args),
    onResponseData: (...args) => handler.onResponseData?.(...args),
    onResponseEnd: (...args) => {
      crashIf(`${step}-answered`)
      handler.onResponseEnd?.(...args)
    },
    onResponseError: (...args) => handler.onResponseError?.(...args),
  }
}

const { dispatch } = Client.prototype
function dispatchOrCrash(
  this: Client,
  options: Dispatcher.DispatchOptions,
  handler: Dispatcher.DispatchHandler,
): boolean {
  const step = stepOfPath(options.path)
  if (step === undefined) return dispatch.call(this, options, handler)
  crashIf(`before-${step}`)
  if (crashAt === `${step}-sent`) setTimeout(() => crashIf(`${step}-sent`), ARRIVES_WITHIN_MS)
  return dispatch.call(this, options, crashWhenAnswered(step, handler))
}
Object.assign(Client.prototype, { dispatch: dispatchOrCrash })
