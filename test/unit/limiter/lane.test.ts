import { describe, expect, it } from 'vitest'
import { Lane } from '../../../limiter/lane.ts'
import type { Paced } from '../../../limiter/paced.ts'
import { RedisClock } from '../../../limiter/redis-clock.ts'
import type { ReserveRequest } from '../../../limiter/reservation.ts'

const SLOT_MS = 100

/** Starts a lane on Redis' clock, which only the test moves. The first ask gets `permits`, 100 ms apart. */
function startLane(permits = 1) {
  let now = 0
  const timers = new Set<{ readonly at: number; readonly act: () => void }>()
  const asks: Omit<ReserveRequest, 'probe'>[] = []
  const redisClock = new RedisClock()
  // The process has watched the clock for as long as it must.
  redisClock.observe(-1000, -1000, -1000)
  const after = (ms: number, act: () => void): (() => void) => {
    // Node's timers take a millisecond at least.
    const timer = { at: now + Math.max(1, ms), act }
    timers.add(timer)
    return () => timers.delete(timer)
  }
  const fireDue = (): void => {
    for (const timer of [...timers]) if (timer.at <= now && timers.delete(timer)) timer.act()
  }
  const lane = new Lane({
    clock: { monotonicMs: () => now, epochMs: () => now },
    timers: { after, afterIfRunning: after },
    redisClock,
    reserve: async request => {
      asks.push(request)
      return {
        kind: 'granted',
        redisNow: now,
        waitMs: 1000,
        slots: asks.length === 1 ? Array.from({ length: permits }, (_, n) => (n + 1) * SLOT_MS * 1000) : [],
      }
    },
    isOpen: () => true,
    onPermit: () => {},
    onClockJump: () => {},
  })
  const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
  return {
    asks,
    /** Makes calls that leave at their slots and whose answers take `tookMs`, and then another ask. */
    answerThenAsk: async (tookMs: readonly number[]): Promise<void> => {
      const paced = tookMs.map(() => lane.pace(() => {}))
      await settle()
      const answers: { at: number; paced: Promise<Paced<void>> }[] = []
      for (const [n, call] of paced.entries()) {
        now = (n + 1) * SLOT_MS
        fireDue()
        answers.push({ at: now + (tookMs[n] ?? 0), paced: call })
      }
      for (const { at, paced: call } of answers) {
        const result = await call
        now = at
        if (result.kind === 'sent') result.answered()
      }
      void lane.pace(() => {})
      await settle()
    },
    /** Lets another lane find out that Redis' clock jumped, while so many calls wait here. */
    clockJumps: async (waiting: number): Promise<void> => {
      for (let n = 0; n < waiting; n++) void lane.pace(() => {})
      await settle()
      lane.clockJumped()
      await settle()
    },
    /** Makes a call, and another every `everyMs` from shortly before its slot; gives how late the first one left. */
    lateMsWhileOthersJoin: async (everyMs: number): Promise<number> => {
      let leftAt = Number.NaN
      void lane.pace(() => {
        leftAt = now
      })
      await settle()
      for (now = SLOT_MS - 3 * everyMs; now < SLOT_MS + 20 * everyMs; now += everyMs) {
        fireDue()
        void lane.pace(() => {})
      }
      return leftAt - SLOT_MS
    },
    /**
     * Makes a call whose timer fires `firedLateMs` late, whose sending takes `sendingMs`, and which leaves so much later,
     * and then another ask.
     */
    callThenAsk: async (firedLateMs: number, sendingMs: number, leavesLaterMs = 0): Promise<void> => {
      const sent = lane.pace(() => {
        now += sendingMs
      })
      await settle()
      now = SLOT_MS + firedLateMs
      fireDue()
      const paced = await sent
      now += leavesLaterMs
      if (paced.kind === 'sent' && leavesLaterMs > 0) paced.left()
      void lane.pace(() => {})
      await settle()
    },
  }
}

describe('a call that leaves late', () => {
  it.each([
    ['because the timer fired late', 4, 0, 0, 2],
    ['because the sending was held up', 0, 11, 0, 9],
    ['because it left when `send` had returned', 1, 1, 20, 20],
  ])(
    'is reported to Redis with the next ask, by what 2 ms do not cover, %s',
    async (_why, firedLateMs, sendingMs, leavesLaterMs, lateMs) => {
      const { asks, callThenAsk } = startLane()
      await callThenAsk(firedLateMs, sendingMs, leavesLaterMs)
      const [[slot, usedAt] = [0, 0]] = asks.at(-1)?.usedLate ?? []
      expect(slot).toBe(SLOT_MS * 1000)
      expect(usedAt - slot).toBeGreaterThanOrEqual(lateMs * 1000)
    },
  )

  it('is not reported where timers of an idle machine are off by as much', async () => {
    const onTime = startLane()
    await onTime.callThenAsk(1, 0.5)
    expect(onTime.asks.map(({ usedLate }) => usedLate)).toEqual([[], []])
  })
})

it.each([
  ['although no call waits', 0],
  ['and asks anew for the call that waits', 1],
])('tells Redis at once that its clock jumped, %s', async (_how, waiting) => {
  const { asks, clockJumps } = startLane()
  await clockJumps(waiting)
  expect(asks.at(-1)).toMatchObject({ clockJumped: true, want: waiting })
})

it('a call leaves at its slot although others join the line meanwhile', async () => {
  expect(await startLane().lateMsWhileOthersJoin(0.4)).toBeLessThanOrEqual(1)
})

describe('a call whose answer is late', () => {
  const ROUND_MS = [50, 51, 52, 50, 49, 50, 51, 50, 52, 50, 50, 51, 49, 50, 50, 51]
  /** More than the first answers of a process, after which the lane knows the usual time. */
  const USUAL_MS = Array.from({ length: 8 }, () => ROUND_MS).flat()

  it.each([
    ['so much later, less the 2 ms that the window covers', 70, 18],
    ['50 ms later at most, since the vendor may have worked longer', 1050, 48],
  ])('is reported to Redis as one that may have arrived %s', async (_how, tookMs, laterMs) => {
    const { asks, answerThenAsk } = startLane(USUAL_MS.length + 1)
    await answerThenAsk([...USUAL_MS, tookMs])
    const [[slot, arrivedAt] = [0, 0], ...more] = asks.at(-1)?.usedLate ?? []
    expect(slot).toBe((USUAL_MS.length + 1) * SLOT_MS * 1000)
    // The clocks of the hosts may have drifted apart by up to half a millisecond or so since the only answer of Redis.
    expect(Math.ceil((arrivedAt - slot) / 1000)).toBe(laterMs)
    expect(more).toEqual([])
  })

  it('is reported by a process that has just started too, compared with its fastest answer', async () => {
    const { asks, answerThenAsk } = startLane(3)
    await answerThenAsk([62, 50, 70])
    expect(asks.at(-1)?.usedLate.map(([slot, at]) => [slot, Math.round((at - slot) / 1000)])).toEqual([
      [3 * SLOT_MS * 1000, 18],
    ])
  })

  it('is not reported where the times of answers vary much anyway', async () => {
    const uneven = USUAL_MS.map((ms, n) => ms + (n % ROUND_MS.length) * 3)
    const { asks, answerThenAsk } = startLane(uneven.length + 1)
    await answerThenAsk([...uneven, 110])
    const told = asks.at(-1)?.usedLate.map(([slot]) => slot)
    expect(told).not.toContain((uneven.length + 1) * SLOT_MS * 1000)
  })
})
