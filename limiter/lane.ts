import { AskPace } from './ask-pace.ts'
import type { Clock, Timers } from './clock.ts'
import { insertByRank } from './insert-by-rank.ts'
import { LateUses } from './late-uses.ts'
import type { Closed, Paced, PaceOptions } from './paced.ts'
import type { RedisClock } from './redis-clock.ts'
import type { Reservation, ReserveRequest, Slot } from './reservation.ts'
import { SentBins } from './sent-bins.ts'

/** Parts and callbacks that a lane gets from its limiter. */
export interface LaneOptions {
  readonly clock: Clock
  readonly timers: Timers
  readonly redisClock: RedisClock
  readonly reserve: (request: Omit<ReserveRequest, 'probe'>) => Promise<Reservation>
  /** Whether Redis can be asked. */
  readonly isOpen: () => boolean
  readonly onPermit: (result: 'used' | 'missed' | 'void', waitMs: number) => void
  /** Called when Redis' clock jumped: all lanes must give up their slots. */
  readonly onClockJump: () => void
}

interface Waiter {
  readonly rank: number
  readonly since: number
  readonly isReady: () => boolean
  readonly go: (slot: Slot) => void
  readonly close: (by: Closed) => void
}

/**
 * A slot is dropped when the lane is more than 5 ms late for it. Slots 200 apart leave 12 ms of slack; 5 ms of lateness
 * plus the network's jitter must fit into it even if the report of the late call is lost. 2.5 ms would give back one
 * slot in a hundred on a busy machine; 10 ms would leave nothing for the network.
 */
const USE_BY_MS = 5
/**
 * Timers are accurate to a millisecond at best; a slot may be taken this much early rather than a millisecond late. The
 * window of permit.lua has room for it.
 */
const EARLY_MS = 0.5
const WANT_AT_MOST = 1000
const ASK_AGAIN_AFTER_MS = 100
const REPORT_SENT_AFTER_MS = 500

/**
 * The line of calls of one command: waiters by rank, first come first served within one, and the slots that were reserved for them.
 *
 * States: *idle* (no call waits), *asking* (a reservation is under way, one at a time for all waiters), *armed* (the
 * lane holds slots and has set a timer for the next). Slots and waiters are not tied together: the first waiter in line
 * at a slot goes.
 */
export class Lane {
  readonly #options: LaneOptions
  readonly #waiting: Waiter[] = []
  /** Reserved, ascending. */
  #slots: Slot[] = []
  /** Missed slots, which the next ask reports to Redis, so that other processes can make up for them. */
  #returned: Slot[] = []
  /** Slots used late, which the next ask reports to Redis. */
  readonly #lateUses: LateUses
  readonly #sent = new SentBins()
  readonly #askPace = new AskPace()
  #asking = false
  #clockJumped = false
  #closed: Closed | undefined
  /** Counts up when all slots asked for before have become void. */
  #generation = 0
  #stopSlotTimer: () => void = () => {}
  #stopAskTimer: () => void = () => {}
  #stopReportTimer: (() => void) | undefined

  constructor(options: LaneOptions) {
    this.#options = options
    this.#lateUses = new LateUses(options.redisClock)
  }

  /** See {@link Limiter.pace}. */
  pace<T>(send: () => T, { signal, rank = 0, isReady = () => true }: PaceOptions = {}): Promise<Paced<T>> {
    return new Promise((resolve, reject) => {
      const closedBy = signal?.aborted ? 'aborted' : this.#closed
      if (closedBy !== undefined) return resolve({ kind: 'closed', by: closedBy })
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        resolve({ kind: 'closed', by: 'aborted' })
      }
      const waiter: Waiter = {
        rank,
        since: this.#options.clock.monotonicMs(),
        isReady,
        go: slot => {
          signal?.removeEventListener('abort', onAbort)
          try {
            const value = send()
            // Read after `send`: a busy machine may hold up the sending itself by 10 ms.
            let sentAt = this.#options.clock.monotonicMs()
            const left = (): void => {
              sentAt = this.#options.clock.monotonicMs()
              this.#lateUses.sent(slot, sentAt)
            }
            left()
            const answered = (): void => this.#lateUses.answered(slot, sentAt, this.#options.clock.monotonicMs())
            resolve({ kind: 'sent', value, left, answered })
          } catch (error) {
            reject(error)
          }
        },
        close: by => {
          signal?.removeEventListener('abort', onAbort)
          resolve({ kind: 'closed', by })
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      insertByRank(this.#waiting, waiter)
      // With others in line the timer runs already. Set anew it would fire late, since no timer is shorter than 1 ms.
      if (this.#waiting.length === 1) this.#arm()
      this.#ask()
    })
  }

  /** Asks once without wanting a slot. */
  prepare(): void {
    if (!this.#asking && this.#options.isOpen()) void this.#reserve(0)
  }

  /** Asks again for slots, when Redis can be asked again. */
  reopen(): void {
    this.#ask()
  }

  /** Gives up every reserved slot, because the server that granted them may no longer know of them. */
  voidAll(): void {
    this.#generation += 1
    this.#returned = []
    for (const _ of this.#slots) this.#options.onPermit('void', 0)
    this.#slots = []
    this.#stopSlotTimer()
  }

  /** As {@link voidAll}, and reports to Redis that its clock jumped. */
  clockJumped(): void {
    this.#clockJumped = true
    this.voidAll()
    this.#ask()
  }

  /** Ends all waits and takes no further ones, until {@link open}. */
  close(by: Closed): void {
    this.#closed = by
    this.voidAll()
    this.#stopAskTimers()
    this.#closeWaiters(by)
  }

  /** Takes waits again. */
  open(): void {
    this.#closed = undefined
  }

  #closeWaiters(by: Closed): void {
    for (const waiter of this.#waiting.splice(0)) waiter.close(by)
  }

  /** Reserves slots for waiters without one, unless the slots held reach far enough ahead. */
  #ask(): void {
    if (this.#asking || this.#closed !== undefined || !this.#options.isOpen()) return
    const want = Math.min(Math.max(0, this.#waiting.length - this.#slots.length), WANT_AT_MOST)
    if (want === 0 && !this.#clockJumped) return this.#reportSentSoon()
    if (this.#aheadMs() > this.#askPace.horizonMs / 2) return
    void this.#reserve(want)
  }

  async #reserve(want: number): Promise<void> {
    const { clock, redisClock } = this.#options
    const generation = this.#generation
    const sentBins = this.#sent.unreported()
    const returned = this.#returned
    const usedLate = this.#lateUses.unreported()
    const clockJumped = this.#clockJumped
    const askedAt = clock.monotonicMs()
    this.#asking = true
    this.#returned = []
    this.#stopAskTimers()
    try {
      const { leadMs, horizonMs } = this.#askPace
      const holdsPermits = this.#slots.length > 0
      // Until the clock is known well enough, the lane asks only for the time in the answer.
      const wantNow = redisClock.isSettled && this.#mustWatchMs() <= 0 ? want : 0
      const request = { want: wantNow, leadMs, horizonMs, holdsPermits, clockJumped, returned, usedLate, sentBins }
      const reservation = await this.#options.reserve(request)
      const answeredAt = clock.monotonicMs()
      this.#asking = false
      this.#askPace.remember(answeredAt - askedAt)
      this.#sent.forget(sentBins, redisClock.redisAt(answeredAt))
      this.#lateUses.forget(usedLate)
      if (!redisClock.observe(askedAt, answeredAt, reservation.redisNow)) this.#options.onClockJump()
      else if (clockJumped) this.#clockJumped = false
      this.#take(reservation, generation)
    } catch {
      // No permit was granted, whatever the error. The connection reports its own errors.
      this.#asking = false
      this.#askAfter(ASK_AGAIN_AFTER_MS)
    }
  }

  #take(reservation: Reservation, generation: number): void {
    if (reservation.kind === 'closed') {
      this.voidAll()
      return this.#closeWaiters(reservation.by)
    }
    if (generation !== this.#generation) {
      for (const _ of reservation.slots) this.#options.onPermit('void', 0)
      return this.#ask()
    }
    if (reservation.slots.length === 0) {
      const mustWatchMs = this.#options.redisClock.isSettled ? this.#mustWatchMs() : 0
      return this.#askAfter(Math.max(reservation.waitMs, mustWatchMs))
    }
    this.#slots.push(...reservation.slots)
    this.#goOn()
  }

  /** Uses the slots whose time has come. */
  #goOn(): void {
    const { clock, redisClock, onPermit } = this.#options
    for (;;) {
      const slot = this.#slots[0]
      const waiter = this.#waiting[0]
      if (slot === undefined || waiter === undefined) break
      const now = clock.monotonicMs()
      const lateMs = now - redisClock.steadyAt(slot / 1000)
      if (lateMs < -EARLY_MS) break
      if (!waiter.isReady()) {
        this.#waiting.shift()?.close('unready')
        continue
      }
      this.#slots.shift()
      if (lateMs > USE_BY_MS) {
        this.#returned.push(slot)
        onPermit('missed', 0)
        continue
      }
      this.#waiting.shift()
      this.#sent.count(redisClock.redisAt(now))
      onPermit('used', now - waiter.since)
      waiter.go(slot)
    }
    this.#arm()
    this.#ask()
  }

  #arm(): void {
    this.#stopSlotTimer()
    const slot = this.#slots[0]
    if (slot === undefined || this.#waiting.length === 0) return
    const inMs = this.#options.redisClock.steadyAt(slot / 1000) - this.#options.clock.monotonicMs()
    this.#stopSlotTimer = this.#options.timers.after(Math.max(0, Math.ceil(inMs - EARLY_MS / 2)), () => this.#goOn())
  }

  /**
   * How long this process must still watch Redis' clock before it takes permits, ms. The clock may have jumped just
   * before the process started, so that the permits in use look long past. Those that hold them find out and tell Redis
   * within this time, because they must ask for more.
   */
  #mustWatchMs(): number {
    const { clock, redisClock } = this.#options
    return this.#askPace.horizonMs - redisClock.watchedMs(clock.monotonicMs())
  }

  #askAfter(waitMs: number): void {
    this.#stopAskTimer()
    this.#stopAskTimer = this.#options.timers.after(Math.ceil(waitMs), () => this.#ask())
  }

  /** Reports the last calls sent, which no further ask would report. */
  #reportSentSoon(): void {
    if (this.#sent.isEmpty) return
    this.#stopReportTimer ??= this.#options.timers.afterIfRunning(REPORT_SENT_AFTER_MS, () => void this.#reserve(0))
  }

  #stopAskTimers(): void {
    this.#stopAskTimer()
    this.#stopReportTimer?.()
    this.#stopReportTimer = undefined
  }

  #aheadMs(): number {
    const last = this.#slots.at(-1)
    return last === undefined ? 0 : this.#options.redisClock.steadyAt(last / 1000) - this.#options.clock.monotonicMs()
  }
}
