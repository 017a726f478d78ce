import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Command } from '../calls/commands.ts'
import type { Operation, Reply } from '../calls/operation.ts'
import { answerKey, type Delivery, type Effect, effectOf } from '../faults/effect.ts'
import type { Parts } from '../parts.ts'
import { resetConnection, sendBody, sendHalf, sendHttpError } from './deliver.ts'
import { toEnvelope } from './envelope.ts'
import { toMalformed } from './malformed.ts'
import { redactUrl } from './query.ts'

/** One request on its way to its answer. */
export interface Exchange {
  readonly command: Command | undefined
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** When its headers had been read, monotonic ms. */
  readonly at: number
}

const OK: Reply = { code: 0 }

/** Answers with a code after the latency of the moment; nothing is carried out. */
export function refuse(parts: Parts, exchange: Exchange, accounts: readonly string[], code: number): void {
  const effect: Effect = { ...effectOf(undefined), extent: 'none', code }
  waitUntil(parts, exchange, parts.drawLatency(), () => deliver(parts, exchange, accounts, effect.delivery, { code }))
}

/**
 * Carries a call out: locks what it writes, lets the backend take its time, applies the change and answers, each as
 * far as the fault that strikes it allows.
 */
export function perform(parts: Parts, exchange: Exchange, operation: Operation, command: Command): void {
  const { accounts, writes } = operation
  if (!parts.locks.areFree(writes)) {
    conflict(parts, exchange, accounts)
    return
  }
  const effect = effectOf(parts.faults.strike(command.name, accounts)?.rule)
  if (effect.isImmediate) {
    deliver(parts, exchange, accounts, effect.delivery, OK)
    return
  }
  const latencyMs = parts.drawLatency()
  const isWrite = effect.extent !== 'none' && writes.length > 0
  const writeMs = isWrite ? (parts.timing.lockMs ?? latencyMs) : 0
  const release = writeMs > 0 ? parts.locks.acquire(writes) : undefined
  const carryOut = once((): Reply => {
    release?.()
    return effect.extent === 'none' ? OK : operation.run(effect.extent)
  })
  const backendMs = Math.max(latencyMs, writeMs)
  const { timeout } = parts.timing
  if (timeout !== undefined && backendMs > timeout.afterMs) {
    timeOut(parts, exchange, { accounts, effect, carryOut, release, backendMs })
    return
  }
  if (writeMs < backendMs && isWrite) waitUntil(parts, exchange, writeMs, carryOut)
  waitUntil(parts, exchange, backendMs, () => {
    const reply = carryOut()
    parts.timers.after(effect.delayMs, () => {
      deliver(parts, exchange, accounts, effect.delivery, effect.code === undefined ? reply : { code: effect.code })
    })
  })
}

/**
 * Answers a write that meets another one. It is asked before the fault rules, so that a rule is never used up by a
 * call that conflicts: what faults cost stays countable to the call.
 */
function conflict(parts: Parts, exchange: Exchange, accounts: readonly string[]): void {
  const afterMs = parts.timing.conflictMs ?? parts.drawLatency()
  waitUntil(parts, exchange, afterMs, () => {
    deliver(parts, exchange, accounts, { kind: 'answer' }, { code: 30008 })
  })
}

/** The gateway gives up on a slow backend: it answers at its own limit, whether the change was made or not. */
function timeOut(
  parts: Parts,
  exchange: Exchange,
  call: {
    readonly accounts: readonly string[]
    readonly effect: Effect
    readonly carryOut: () => Reply
    readonly release: (() => void) | undefined
    readonly backendMs: number
  },
): void {
  const { timeout } = parts.timing
  if (timeout === undefined) return
  waitUntil(parts, exchange, timeout.afterMs, () => {
    if (timeout.applies === 'before') call.carryOut()
    if (timeout.applies === 'never') call.release?.()
    deliver(parts, exchange, call.accounts, call.effect.delivery, { code: timeout.code })
  })
  if (timeout.applies === 'after') waitUntil(parts, exchange, call.backendMs, call.carryOut)
}

/** Waits until so many ms after the arrival, so that time spent reading is part of the latency. */
function waitUntil(parts: Parts, exchange: Exchange, afterMs: number, action: () => void): void {
  parts.timers.after(afterMs <= 0 ? 0 : exchange.at + afterMs - parts.monotonic(), action)
}

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** Sends the answer and writes it into the books; a caller who has hung up is counted as `client_gone`. */
function deliver(
  parts: Parts,
  exchange: Exchange,
  accounts: readonly string[],
  delivery: Delivery,
  reply: Reply,
): void {
  const isGone = exchange.request.socket.destroyed
  const key = isGone ? 'client_gone' : answerKey(delivery, reply.code)
  note(parts, exchange, accounts, key)
  if (!isGone) send(parts, exchange, delivery, reply)
}

function send(_parts: Parts, { command, request, response }: Exchange, delivery: Delivery, reply: Reply): void {
  const envelope = toEnvelope(command, reply)
  switch (delivery.kind) {
    case 'answer':
      return sendBody(response, JSON.stringify(envelope))
    case 'answer_then_fin':
      response.once('finish', () => request.socket.end())
      return sendBody(response, JSON.stringify(envelope))
    case 'half_body':
      return sendHalf(response, JSON.stringify(envelope))
    case 'malformed':
      return sendBody(response, toMalformed(delivery.malformed, envelope))
    case 'http':
      return sendHttpError(response, delivery.status)
    case 'reset':
      return resetConnection(request.socket)
    case 'hang':
      return
  }
}

/** Books an answer under its call and its accounts, and hands it to the log if there is one. */
export function note(parts: Parts, exchange: Exchange, accounts: readonly string[], key: string): void {
  parts.counts.noteAnswer(exchange.command?.name, key)
  if (exchange.command !== undefined) {
    for (const account of accounts) parts.ledger.noteAnswer(exchange.command.name, account, key)
  }
  parts.onAnswer?.({
    at: exchange.at,
    command: exchange.command?.name,
    url: redactUrl(exchange.request.url ?? ''),
    accounts,
    answer: key,
    tookMs: parts.monotonic() - exchange.at,
  })
}
