/**
 * The limiter's purpose as a property, with generated fleets and faults in virtual time: no rolling second holds more
 * calls than the ceiling, and the fleet uses the ceiling where there is demand.
 */
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { expect } from 'vitest'
import { sequence } from '../../../simulator/faults/seeded-random.ts'
import type { KeySpace } from '../redis/redis.ts'
import { type Seen, sumUp } from '../vendor/arrivals.ts'
import {
  startVirtualFleet,
  type VirtualFleet,
  type VirtualFleetOptions,
  type VirtualProcess,
  WINDOW_MS,
} from './virtual-fleet.ts'

/** The vendor's ceiling, calls per second. */
const CEILING = 200
/** Longest way from a process to the vendor, ms: uneven, as over a network. */
const TRAVEL_AT_MOST_MS = 4
const FAULTS_FROM_MS = 4000
const FAULTS_UNTIL_MS = 8000
/** By then a hold and a stall of three seconds are over. */
const CALM_FROM_MS = 16_000
const CALM_MS = 5 * WINDOW_MS
const UNTIL_MS = 22_000

/** A fault of a process, or of the Redis that all share; `ms` is its length, or the step of the clock. */
export interface Fault {
  readonly kind:
    | 'stall'
    | 'stepClock'
    | 'kill'
    | 'start'
    | 'disconnect'
    | 'loseReplies'
    | 'forgetAll'
    | 'restart'
    | 'failover'
    | 'jam'
  readonly atMs: number
  readonly process: number
  readonly ms: number
}

const faultsOf = (kinds: readonly Fault['kind'][], leastMs: number, mostMs: number): fc.Arbitrary<Fault> =>
  fc.record({
    kind: fc.constantFrom(...kinds),
    atMs: fc.integer({ min: FAULTS_FROM_MS, max: FAULTS_UNTIL_MS }),
    process: fc.nat({ max: 7 }),
    ms: fc.integer({ min: leastMs, max: mostMs }),
  })
const aFault = fc.oneof(
  faultsOf(['stall'], 2, 3000),
  faultsOf(['stepClock'], -3_600_000, 3_600_000),
  faultsOf(['stepClock'], -1000, 1000),
  faultsOf(['kill', 'start', 'disconnect', 'loseReplies', 'forgetAll', 'restart'], 0, 0),
  faultsOf(['failover'], 0, 1000),
  faultsOf(['jam'], 2, 40),
)

/** A fleet and its faults. */
export interface Scenario {
  readonly seed: number
  readonly processes: number
  /** Longest way to Redis and back, ms. */
  readonly roundTripMs: number
  readonly faults: readonly Fault[]
}

/** Generates scenarios. */
export const aScenario: fc.Arbitrary<Scenario> = fc.record({
  seed: fc.nat(),
  processes: fc.integer({ min: 1, max: 8 }),
  roundTripMs: fc.constantFrom(0.5, 3, 20),
  faults: fc.array(aFault, { maxLength: 5 }),
})

/** Figures of the calls at the vendor: of the whole run, and after the faults. */
export interface Played {
  readonly all: Seen
  readonly calm: Seen
  /** Round trips to Redis for each call. */
  readonly roundTripsPerCall: number
}

/** Plays a scenario with the real script in a key space of a real Redis. */
export async function play(
  scenario: Scenario,
  keySpace: Pick<KeySpace, 'url' | 'prefix'>,
  createLimiter: VirtualFleetOptions['createLimiter'],
): Promise<Played> {
  const redis = new Redis(keySpace.url)
  const random = sequence(scenario.seed, 'limit')
  const oneWayMs = (): number => (random() * scenario.roundTripMs) / 2
  try {
    const fleet = startVirtualFleet({
      redis,
      prefix: keySpace.prefix,
      ceilingPerSecond: CEILING,
      createLimiter,
      random,
      way: { thereMs: oneWayMs, backMs: oneWayMs },
      travelMs: () => random() * TRAVEL_AT_MOST_MS,
    })
    const processes = Array.from({ length: scenario.processes }, () => fleet.start())
    for (const fault of scenario.faults) {
      if (fault.kind === 'failover') fleet.time.at(fault.atMs - fault.ms, () => fleet.server.copy())
      fleet.time.at(fault.atMs, () => inflict(fault, fleet, processes))
    }
    await fleet.time.passUntil(UNTIL_MS)
    const arrivals = fleet.arrivals()
    const calm = sumUp(arrivals, CALM_FROM_MS, CALM_FROM_MS + CALM_MS)
    return {
      all: sumUp(arrivals, 0),
      calm: { ...calm, perSecond: (calm.calls / CALM_MS) * 1000 },
      roundTripsPerCall: fleet.server.scriptsRun / arrivals.length,
    }
  } finally {
    const keys = await redis.keys(`${keySpace.prefix}*`)
    if (keys.length > 0) await redis.del(keys)
    redis.disconnect()
  }
}

/** Asserts the property: the ceiling held all along, and was used after the faults. */
export function expectLimitKept({ all, calm }: Played): void {
  expect(all.peakOfSecond, 'calls in the worst rolling second').toBeLessThanOrEqual(CEILING)
  expect(calm.perSecond, 'calls per second when the faults are over').toBeGreaterThanOrEqual(0.985 * CEILING)
}

function inflict(fault: Fault, fleet: VirtualFleet, processes: VirtualProcess[]): unknown {
  const index = fault.process % processes.length
  const process = processes[index]
  switch (fault.kind) {
    case 'stall':
      return process?.stall(fault.ms)
    case 'stepClock':
      return fleet.server.stepClock(fault.ms)
    case 'kill':
      process?.kill()
      processes[index] = fleet.start()
      return
    case 'start':
      return processes.push(fleet.start())
    case 'disconnect':
      return process?.disconnect()
    case 'loseReplies':
      return process?.loseReplies()
    case 'forgetAll':
      return fleet.server.forgetAll()
    case 'jam':
      return fleet.jam(fault.ms)
    case 'restart':
    case 'failover':
      // All connections break with the server.
      for (const each of processes) each.disconnect()
      return fleet.server.becomeAnother()
  }
}
