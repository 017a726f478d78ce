/**
 * Promise 2 of the design, in virtual time: the fleet goes on close to the ceiling while its processes come, go, stop and
 * stall. `faults/limiter/processes` does the same to real processes; there the machine decides how close they come.
 */
import { expect, it } from 'vitest'
import { sumUp } from '../../helpers/vendor/arrivals.ts'
import { CEILING, virtualFleetForTest } from '../../helpers/virtual/fleet-for-test.ts'
import type { VirtualFleet, VirtualProcess } from '../../helpers/virtual/virtual-fleet.ts'

/** Before, the fleet waits for the hold to end. */
const FROM_MS = 2000
const UNTIL_MS = 20_000

type Trouble = (fleet: VirtualFleet, processes: VirtualProcess[]) => unknown

const startAt = (fleet: VirtualFleet, atMs: number, processes: VirtualProcess[]): unknown =>
  fleet.time.at(atMs, () => void processes.push(fleet.start()))

const killLastAt = (fleet: VirtualFleet, atMs: number, processes: VirtualProcess[]): unknown =>
  fleet.time.at(atMs, () => processes.pop()?.kill())

const troubles: readonly (readonly [what: string, processes: number, trouble: Trouble])[] = [
  ['a process stands still for 3 s', 4, (fleet, [first]) => fleet.time.at(5000, () => first?.stall(3000))],
  [
    'two processes of four are killed and two start at once',
    4,
    (fleet, processes) => {
      for (const atMs of [5000, 5000]) killLastAt(fleet, atMs, processes)
      for (const atMs of [5001, 5001]) startAt(fleet, atMs, processes)
    },
  ],
  [
    'the event loop of a process is blocked for 500 ms again and again',
    4,
    (fleet, [first]) => {
      for (let atMs = 4000; atMs < UNTIL_MS; atMs += 1000) fleet.time.at(atMs, () => first?.stall(500))
    },
  ],
  [
    'the fleet grows from 1 process to 8 and shrinks to 1 again',
    1,
    (fleet, processes) => {
      for (let step = 1; step < 8; step++) {
        startAt(fleet, 3000 + 700 * step, processes)
        killLastAt(fleet, 12_000 + 700 * step, processes)
      }
    },
  ],
]

it.for(troubles)('a fleet goes on close to the ceiling while %s', async ([, processes, trouble]) => {
  const { fleet } = virtualFleetForTest('use')
  trouble(
    fleet,
    Array.from({ length: processes }, () => fleet.start()),
  )
  await fleet.time.passUntil(UNTIL_MS)
  const seen = sumUp(fleet.arrivals(), FROM_MS, UNTIL_MS)
  expect(seen.peakOfSecond, 'calls in the worst second').toBeLessThanOrEqual(CEILING)
  expect((seen.calls / (UNTIL_MS - FROM_MS)) * 1000, 'calls per second').toBeGreaterThan(0.96 * CEILING)
})
