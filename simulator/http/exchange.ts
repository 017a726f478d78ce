import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Command } from '../calls/commands.ts'
import type { Operation, Reply } from '../calls/operation.ts'
import { answerKey, type Delivery, type Effect, effectOf } from '../faults/effect.ts'
import type { Parts } from '../parts.ts'
import type { BackendTimeout } from '../timing.ts'
import { send } from './deliver.ts'
import { toEnvelope } from './envelope.ts'
import { redactUrl } from './query.ts'

/** One request on its way to its answer. */
export interface Exchange {
  readonly parts: Parts
  readonly command: Command | undefined
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** When its headers had been read, monotonic ms. */
  readonly at: number
  /** Accounts that it is for; none as long as its body was not understood. */
  readonly accounts: readonly string[]
}

const OK: Reply = { code: 0 }

/** Answers with a code after the latency of the moment; nothing is carried out. */
export function refuse(exchange: Exchange, code: number, afterMs: number = exchange.parts.drawLatency()): void {
  waitUntil(exchange, afterMs, () => deliver(exchange, { kind: 'answer' }, { code }))
}

/**
 * Carries a call out: locks what it writes, lets the backend take its time, applies the change and answers, each as
 * far as the fault that strikes it allows. A write that meets another one is answered before the fault rules are
 * asked, so that a rule is never used up by a call that conflicts: what faults cost stays countable to the call.
 */
export function perform(exchange: Exchange, operation: Operation, command: Command): void {
  const { parts } = exchange
  const { lockMs, conflictMs } = parts.timing
  if (!parts.locks.areFree(operation.writes)) {
    refuse(exchange, 30008, conflictMs ?? parts.drawLatency())
    return
  }
  const effect = effectOf(parts.faults.strike(command.name, exchange.accounts))
  if (effect.isImmediate) {
    deliver(exchange, effect.delivery, OK)
    return
  }
  const latencyMs = parts.drawLatency()
  const isWrite = effect.extent !== 'none' && operation.writes.length > 0
  const writeMs = isWrite ? (lockMs ?? latencyMs) : 0
  const release = writeMs > 0 ? parts.locks.acquire(operation.writes) : undefined
  const carryOut = once((): Reply => {
    release?.()
    return effect.extent === 'none' ? OK : operation.run(effect.extent)
  })
  const backendMs = Math.max(latencyMs, writeMs)
  letBackendWork(exchange, { effect, carryOut, release, carryOutMs: isWrite ? writeMs : backendMs, backendMs })
}

/** The part of the backend in a call. */
interface Work {
  readonly effect: Effect
  /** Lets go of the locks and makes the change; called again, it repeats its reply. */
  readonly carryOut: () => Reply
  /** Lets go of the locks alone. */
  readonly release: (() => void) | undefined
  /** When the change is made, ms after the arrival. */
  readonly carryOutMs: number
  /** When the backend is done, ms after the arrival. */
  readonly backendMs: number
}

function letBackendWork(exchange: Exchange, work: Work): void {
  const { effect, carryOut, carryOutMs, backendMs } = work
  const { parts } = exchange
  const { backendTimeout } = parts.timing
  if (backendTimeout !== false && backendMs > backendTimeout.afterMs) {
    timeOut(exchange, work, backendTimeout)
    return
  }
  if (carryOutMs < backendMs) waitUntil(exchange, carryOutMs, carryOut)
  waitUntil(exchange, backendMs, () => {
    const reply = carryOut()
    parts.timers.after(effect.delayMs, () => {
      deliver(exchange, effect.delivery, effect.code === undefined ? reply : { code: effect.code })
    })
  })
}

/** The gateway gives up on a slow backend: it answers at its own limit, whether the change was made or not. */
function timeOut(exchange: Exchange, work: Work, { afterMs, applies, code }: BackendTimeout): void {
  waitUntil(exchange, afterMs, () => {
    if (applies === 'before') work.carryOut()
    if (applies === 'never') work.release?.()
    deliver(exchange, work.effect.delivery, { code })
  })
  if (applies === 'after') waitUntil(exchange, work.backendMs, work.carryOut)
}

/** Acts `afterMs` after the arrival, so that time spent reading is part of the latency. */
function waitUntil({ parts, at }: Exchange, afterMs: number, action: () => void): void {
  parts.timers.after(afterMs <= 0 ? 0 : at + afterMs - parts.monotonic(), action)
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** Sends the answer and writes it into the books; a caller who has hung up is counted as `client_gone`. */
function deliver(exchange: Exchange, delivery: Delivery, reply: Reply): void {
  const isGone = exchange.request.socket.destroyed
  note(exchange, isGone ? 'client_gone' : answerKey(delivery, reply.code))
  if (!isGone) send(exchange.response, delivery, toEnvelope(exchange.command, reply))
}

/** Books an answer under its call and its accounts, and hands it to the log if there is one. */
export function note({ parts, command, accounts, request, at }: Exchange, key: string): void {
  parts.counts.noteAnswer(command?.name, key)
  if (command !== undefined) {
    for (const account of accounts) parts.ledger.noteAnswer(command.name, account, key)
  }
  parts.onAnswer?.({
    at,
    command: command?.name,
    url: redactUrl(request.url ?? ''),
    accounts,
    answer: key,
    tookMs: parts.monotonic() - at,
  })
}
