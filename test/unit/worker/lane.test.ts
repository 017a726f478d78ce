import { describe, expect, it } from 'vitest'
import { Lane } from '../../../worker/limiter/lane.ts'
import { RedisClock } from '../../../worker/limiter/redis-clock.ts'
import type { ReserveRequest } from '../../../worker/limiter/reservation.ts'

const SLOT_MS = 100

/** A lane whose clock is that of Redis and moves when the test says so; the first ask gets a permit, at 100 ms. */
function startLane(patienceMs: number) {
  let now = 0
  let due: (() => void) | undefined
  const asks: Omit<ReserveRequest, 'probe'>[] = []
  const redisClock = new RedisClock()
  redisClock.observe(0, 0, 0)
  const after = (_ms: number, act: () => void): (() => void) => {
    due = act
    return () => {}
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
        patienceMs,
        slots: asks.length === 1 ? [SLOT_MS * 1000] : [],
      }
    },
    isOpen: () => true,
    onPermit: () => {},
    onClockJump: () => {},
  })
  const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
  return {
    asks,
    /** Makes a call whose timer fires so late and whose sending takes so long, and then another ask. */
    callThenAsk: async (firedLateMs: number, sendingMs: number): Promise<void> => {
      const sent = lane.pace(() => {
        now += sendingMs
      })
      await settle()
      now = SLOT_MS + firedLateMs
      due?.()
      await sent
      void lane.pace(() => {})
      await settle()
    },
  }
}

describe('a call that leaves late', () => {
  it.each([
    ['because the timer fired late', 4, 0, 4],
    ['because the sending was held up', 0, 11, 11],
  ])('is told to Redis with the next ask, %s', async (_why, firedLateMs, sendingMs, lateMs) => {
    const { asks, callThenAsk } = startLane(0)
    await callThenAsk(firedLateMs, sendingMs)
    const [[slot, usedAt] = [0, 0]] = asks.at(-1)?.usedLate ?? []
    expect(slot).toBe(SLOT_MS * 1000)
    expect(usedAt - slot).toBeGreaterThanOrEqual(lateMs * 1000)
  })

  it('is not told where timers are off by as much on an idle machine, or where Redis counts it later anyway', async () => {
    const onTime = startLane(0)
    await onTime.callThenAsk(1, 0.5)
    expect(onTime.asks.map(({ usedLate }) => usedLate)).toEqual([[], []])
    const patient = startLane(20)
    await patient.callThenAsk(15, 1)
    expect(patient.asks.map(({ usedLate }) => usedLate)).toEqual([[], []])
  })
})
