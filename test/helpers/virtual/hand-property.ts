/**
 * The purpose of taking few jobs, as a property: whatever the jobs of a fleet do, and whatever befalls its processes, no
 * permit goes to waste while jobs wait.
 */
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { expect } from 'vitest'
import { sequence } from '../../../simulator/faults/seeded-random.ts'
import type { KeySpace } from '../redis/redis.ts'
import { sumUp } from '../vendor/arrivals.ts'
import { realLimiter, startVirtualFleet, type VirtualFleet, type VirtualProcess, WINDOW_MS } from './virtual-fleet.ts'
import { takeJobs, type VirtualJob, type VirtualQueue } from './virtual-pool.ts'

const CEILING = 200
/** Jobs come and go, and processes stall and die, until then. */
const TROUBLE_UNTIL_MS = 9000
/** By then a hold is over, and jobs that look late have ended. */
const CALM_FROM_MS = 15_000
const CALM_MS = 5 * WINDOW_MS
const UNTIL_MS = 21_000

interface Trouble {
  readonly kind: 'stall' | 'kill' | 'start' | 'no_jobs'
  readonly atMs: number
  readonly process: number
  readonly forMs: number
}

/** A fleet, its jobs, and its troubles. */
export interface Schedule {
  readonly seed: number
  readonly processes: number
  /** Longest way to Redis and back, ms. */
  readonly roundTripMs: number
  /** Share of the jobs that need a handshake, and how long it takes at most. */
  readonly handshakes: readonly [share: number, atMostMs: number]
  readonly repeats: readonly [share: number, atMostMs: number]
  readonly looks: readonly [share: number, atMostMs: number]
  readonly troubles: readonly Trouble[]
}

const share = (mostMs: number): fc.Arbitrary<readonly [number, number]> =>
  fc.tuple(fc.constantFrom(0, 0.1, 0.3), fc.integer({ min: 0, max: mostMs }))

/** Generates schedules. */
export const aSchedule: fc.Arbitrary<Schedule> = fc.record({
  seed: fc.nat(),
  processes: fc.integer({ min: 1, max: 8 }),
  roundTripMs: fc.constantFrom(0.5, 3, 20),
  handshakes: share(150),
  repeats: share(800),
  // If all jobs waited for longer, a lone process would run out of its 256 slots.
  looks: fc.tuple(fc.constantFrom(0, 0.2, 1), fc.integer({ min: 0, max: 1000 })),
  troubles: fc.array(
    fc.record({
      kind: fc.constantFrom('stall', 'kill', 'start', 'no_jobs'),
      atMs: fc.integer({ min: 0, max: TROUBLE_UNTIL_MS }),
      process: fc.nat({ max: 7 }),
      forMs: fc.integer({ min: 10, max: 3000 }),
    }),
    { maxLength: 5 },
  ),
})

/** Figures of a fleet after its troubles, while jobs wait. */
export interface Worked {
  readonly perSecond: number
  readonly peakOfSecond: number
  /** Most jobs of one process whose first call had not left. */
  readonly unsent: number
}

/** Plays a schedule with the real script of permits in a key space of a real Redis. */
export async function work(schedule: Schedule, keySpace: Pick<KeySpace, 'url' | 'prefix'>): Promise<Worked> {
  const redis = new Redis(keySpace.url)
  const random = sequence(schedule.seed, 'hand')
  const oneWayMs = (): number => (random() * schedule.roundTripMs) / 2
  try {
    const fleet = startVirtualFleet({
      redis,
      prefix: keySpace.prefix,
      ceilingPerSecond: CEILING,
      createLimiter: realLimiter,
      random,
      way: { thereMs: oneWayMs, backMs: oneWayMs },
      travelMs: () => random(),
    })
    let unsent = 0
    let emptyUntil = 0
    const queue: VirtualQueue = {
      take: () => (fleet.time.nowMs < emptyUntil ? undefined : aJob(schedule, random)),
      fetchMs: () => oneWayMs() + oneWayMs(),
      onUnsent: jobs => {
        if (fleet.time.nowMs > CALM_FROM_MS) unsent = Math.max(unsent, jobs)
      },
    }
    const start = (): VirtualProcess => fleet.start(takeJobs(queue), 1)
    const processes = Array.from({ length: schedule.processes }, start)
    for (const trouble of schedule.troubles) {
      fleet.time.at(trouble.atMs, () => {
        if (trouble.kind === 'no_jobs') emptyUntil = fleet.time.nowMs + trouble.forMs
        else befall(trouble, processes, start)
      })
    }
    await fleet.time.passUntil(UNTIL_MS)
    return { ...seenBy(fleet), unsent }
  } finally {
    const keys = await redis.keys(`${keySpace.prefix}*`)
    if (keys.length > 0) await redis.del(keys)
    redis.disconnect()
  }
}

function seenBy(fleet: VirtualFleet): Pick<Worked, 'perSecond' | 'peakOfSecond'> {
  const calm = sumUp(fleet.arrivals(), CALM_FROM_MS, CALM_FROM_MS + CALM_MS)
  return { perSecond: (calm.calls / CALM_MS) * 1000, peakOfSecond: sumUp(fleet.arrivals(), 0).peakOfSecond }
}

function aJob({ handshakes, repeats, looks }: Schedule, random: () => number): VirtualJob {
  const maybe = ([part, atMostMs]: readonly [number, number]): number | undefined =>
    random() < part ? random() * atMostMs : undefined
  return { handshakeMs: maybe(handshakes), repeatAfterMs: maybe(repeats), lookAfterMs: maybe(looks) }
}

function befall({ kind, process, forMs }: Trouble, processes: VirtualProcess[], start: () => VirtualProcess): void {
  const index = process % processes.length
  if (kind === 'stall') processes[index]?.stall(forMs)
  if (kind === 'start') processes.push(start())
  if (kind !== 'kill') return
  processes[index]?.kill()
  processes[index] = start()
}

/** Asserts the property: each permit had a job, with few jobs in hand. */
export function expectPermitsUsed({ perSecond, peakOfSecond, unsent }: Worked): void {
  expect(peakOfSecond, 'calls in the worst rolling second').toBeLessThanOrEqual(CEILING)
  expect(perSecond, 'calls per second while jobs wait').toBeGreaterThanOrEqual(0.985 * CEILING)
  expect(unsent, 'jobs of one process that wait for their first call').toBeLessThanOrEqual(MOST_UNSENT)
}

/** Of a process that makes all calls of the fleet: 0.38 s of them, and what is on its way to the line meanwhile. */
const MOST_UNSENT = 130
