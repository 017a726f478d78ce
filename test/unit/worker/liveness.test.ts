import { describe, expect, it } from 'vitest'
import { type DutyParts, readDuty } from '../../../worker/duty.ts'
import { type Duty, Liveness } from '../../../worker/observe/liveness.ts'
import { startVirtualTime } from '../../helpers/virtual/virtual-time.ts'

const MINUTE_MS = 60_000

/** Starts a liveness in virtual time. */
function start(readDuty: () => Promise<Duty>) {
  const time = startVirtualTime()
  const later = (ms: number, act: () => void) => time.at(time.nowMs + ms, act)
  const clock = { monotonicMs: () => time.nowMs, epochMs: () => time.nowMs }
  const liveness = new Liveness({ readDuty, clock, timers: { after: later, afterIfRunning: later } })
  return { time, liveness }
}

describe('a worker', () => {
  it('hangs after ten minutes with work in which it achieved nothing', async () => {
    const { time, liveness } = start(async () => 'work')
    await time.passUntil(10 * MINUTE_MS)
    expect(liveness.hangsForMs).toBeUndefined()
    await time.passUntil(11 * MINUTE_MS)
    expect(liveness.hangsForMs).toBe(11 * MINUTE_MS)
    liveness.sign()
    expect(liveness.hangsForMs).toBeUndefined()
  })

  it('does not hang while there is a sign now and then', async () => {
    const { time, liveness } = start(async () => 'work')
    for (let minute = 9; minute < 60; minute += 9) {
      await time.passUntil(minute * MINUTE_MS)
      expect(liveness.hangsForMs).toBeUndefined()
      liveness.sign()
    }
  })

  it('does not hang because a job comes after hours without any', async () => {
    let duty: Duty = 'none'
    const { time, liveness } = start(async () => duty)
    await time.passUntil(180 * MINUTE_MS)
    duty = 'work'
    await time.passUntil(181 * MINUTE_MS)
    expect(liveness.hangsForMs).toBeUndefined()
    await time.passUntil(191 * MINUTE_MS)
    expect(liveness.hangsForMs).toBeGreaterThan(10 * MINUTE_MS)
  })

  it('does not hang while nobody knows whether there is work', async () => {
    const { time, liveness } = start(() => Promise.reject(new Error('Redis is away')))
    await time.passUntil(60 * MINUTE_MS)
    expect(liveness.hangsForMs).toBeUndefined()
  })

  it('looks no more when it is closed', async () => {
    let looks = 0
    const { time, liveness } = start(async () => {
      looks += 1
      return 'none'
    })
    liveness.close()
    await time.passUntil(60 * MINUTE_MS)
    expect(looks).toBe(0)
  })
})

describe('there is work', () => {
  const parts = ({
    counts = {},
    overdue = 0,
    paused = false,
    ...other
  }: {
    counts?: Record<string, number>
    overdue?: number
    paused?: boolean
  } & Partial<DutyParts>): DutyParts => ({
    redis: { status: 'ready' },
    queue: { isPaused: async () => paused, getJobCounts: async () => counts, getDelayedCount: async () => overdue },
    gate: { isOpen: true },
    pool: { jobsInHand: 0 },
    closing: { hasBegun: false },
    ...other,
  })
  const inLine = { counts: { wait: 0, prioritized: 1 } }

  it.each([
    ['with a job in line', inLine],
    ['with a job in hand, whatever waits', { pool: { jobsInHand: 1 } }],
    ['with a job that should be back from its backoff', { overdue: 1 }],
  ])('%s', async (_, given) => {
    expect(await readDuty(parts(given))).toBe('work')
  })

  it.each([
    ['the queue is empty', {}],
    ['the fleet stands still or the worker aside', { ...inLine, gate: { isOpen: false } }],
    ['another tool has paused the queue', { ...inLine, paused: true }],
    ['the process drains', { ...inLine, closing: { hasBegun: true } }],
    ['Redis is away', { ...inLine, redis: { status: 'reconnecting' as const } }],
  ])('but not while %s', async (_, given) => {
    expect(await readDuty(parts(given))).toBe('none')
  })
})
