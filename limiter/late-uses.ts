import { AnswerTimes } from './answer-times.ts'
import type { RedisClock } from './redis-clock.ts'
import type { Slot } from './reservation.ts'

/** A slot, and when it was used: microseconds of Redis' clock. */
export type LateUse = readonly [slot: Slot, usedAt: number]

/** Redis is not told of less, which is what timers are off by now and then where nobody is busy. */
const LATE_MS = 2
/** More are told only by a process that could not ask for seconds; then the oldest no longer matter. */
const REMEMBERED = 500

/**
 * Slots that were used late, until Redis has been told: calls that left late, and those that may have arrived late, by
 * what their answers show. All times are steady ms.
 */
export class LateUses {
  readonly #redisClock: RedisClock
  readonly #answerTimes = new AnswerTimes()
  readonly #uses = new Map<Slot, number>()

  constructor(redisClock: RedisClock) {
    this.#redisClock = redisClock
  }

  /** A call left. */
  sent(slot: Slot, sentAt: number): void {
    this.#remember(slot, sentAt)
  }

  /** Its answer is here. */
  answered(slot: Slot, sentAt: number, answeredAt: number): void {
    const heldUpMs = this.#answerTimes.heldUpMs(answeredAt - sentAt)
    if (heldUpMs > 0) this.#remember(slot, sentAt + heldUpMs)
  }

  /** What Redis is to be told. */
  untold(): readonly LateUse[] {
    return [...this.#uses]
  }

  /** Redis has been told, apart from what was found out since. */
  forget(told: readonly LateUse[]): void {
    for (const [slot, usedAt] of told) if (this.#uses.get(slot) === usedAt) this.#uses.delete(slot)
  }

  #remember(slot: Slot, usedAt: number): void {
    const lateMs = usedAt - this.#redisClock.steadyAt(slot / 1000)
    if (lateMs <= LATE_MS) return
    this.#uses.set(slot, Math.round(slot + lateMs * 1000))
    for (const [oldest] of this.#uses) if (this.#uses.size > REMEMBERED) this.#uses.delete(oldest)
  }
}
