import { AnswerTimes } from './answer-times.ts'
import type { RedisClock } from './redis-clock.ts'
import type { Slot } from './reservation.ts'

/** A slot, and the moment from which Redis counts its use: microseconds of Redis' clock. */
export type LateUse = readonly [slot: Slot, usedAt: number]

/**
 * Even an idle process' timers are off by up to 2 ms. The window of permit.lua has room for as much, so only what is
 * beyond it is reported. Reporting it too took 0.1 % of the ceiling, for room that the slots had already.
 */
const COVERED_MS = 2
/** Only a process that could not ask for seconds has more to report; then the oldest no longer matter. */
const REMEMBERED = 500

/**
 * Keeps the slots that were used late until Redis has heard of them: of calls that left late, and of calls whose late
 * answers show that they may have arrived late. All times are steady ms.
 */
export class LateUses {
  readonly #redisClock: RedisClock
  readonly #answerTimes = new AnswerTimes()
  readonly #uses = new Map<Slot, number>()

  constructor(redisClock: RedisClock) {
    this.#redisClock = redisClock
  }

  /** Takes in that a call left. */
  sent(slot: Slot, sentAt: number): void {
    this.#remember(slot, sentAt)
  }

  /** Takes in that its answer is here. */
  answered(slot: Slot, sentAt: number, answeredAt: number): void {
    const heldUpMs = this.#answerTimes.heldUpMs(answeredAt - sentAt)
    if (heldUpMs > 0) this.#remember(slot, sentAt + heldUpMs)
  }

  /** Gives the late uses to report to Redis. */
  unreported(): readonly LateUse[] {
    return [...this.#uses]
  }

  /** Forgets late uses that Redis has heard of, unless a later moment was found since. */
  forget(reported: readonly LateUse[]): void {
    for (const [slot, usedAt] of reported) if (this.#uses.get(slot) === usedAt) this.#uses.delete(slot)
  }

  #remember(slot: Slot, usedAt: number): void {
    const beyondMs = usedAt - this.#redisClock.steadyAt(slot / 1000) - COVERED_MS
    if (beyondMs <= 0) return
    this.#uses.set(slot, Math.round(slot + beyondMs * 1000))
    for (const [oldest] of this.#uses) if (this.#uses.size > REMEMBERED) this.#uses.delete(oldest)
  }
}
