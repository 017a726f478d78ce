/**
 * Promises 1 and 2 of the design: no rolling second above the ceiling, seen where the calls arrive, and the ceiling in
 * use, when the vendor's servers refuse: a lower ceiling than agreed, an outage.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { eventually } from '../../helpers/eventually.ts'
import { CEILING, COMMAND, expectLimitHeld, type Fleet, startFleet } from '../../helpers/fleets/fleet.ts'
import { sumUp } from '../../helpers/vendor/arrivals.ts'

/** The default of WORKER_CONCURRENCY. */
const JOBS_IN_HAND = 256

let fleet: Fleet

afterEach(() => fleet.stop())

it('settles under a vendor that refuses above 150 a second, and comes back when it takes 200 again', async ({
  annotate,
}) => {
  fleet = await startFleet({ jobs: 40_000 })
  const watched = fleet.watch()
  await fleet.simulator.steer('limit', { command: COMMAND, perSecond: 150 })
  await fleet.untilFurtherCalls(10 * CEILING)
  const settled = await throttled()
  await fleet.untilFurtherCalls(1200, 60_000)
  const later = await throttled()
  const refusedShare = (later.refused - settled.refused) / (later.calls - settled.calls)
  await annotate(`refused at first ${settled.refused} of ${settled.calls}, then a share of ${refusedShare.toFixed(4)}`)
  expect(refusedShare).toBeLessThan(0.02)

  await fleet.simulator.steer('limit', { command: COMMAND, perSecond: 1_000_000 })
  await eventually('the full rate', async () => (await callsOfLastSecond()) > 0.97 * CEILING, 120_000, 500)
  const seen = await watched()
  await annotate(JSON.stringify(seen))
  expectLimitHeld(seen)
})

const outages: readonly (readonly [what: string, begin: () => Promise<unknown>, end: () => Promise<unknown>])[] = [
  ['refuses connections', () => fleet.simulator.kill(), () => fleet.simulator.restart()],
  [
    'answers 502',
    () => fleet.simulator.steer('faults', { rules: ['http-502'] }),
    () => fleet.simulator.steer('faults', { rules: [] }),
  ],
  [
    'says nothing',
    () => fleet.simulator.steer('faults', { rules: ['hang'] }),
    () => fleet.simulator.steer('faults', { rules: [] }),
  ],
]

it.for(outages)(
  'burns no attempts while the vendor %s for 8 s, and is back at the full rate in 10 s',
  async ([, begin, end], { annotate }) => {
    fleet = await startFleet()
    const watched = fleet.watch()
    await begin()
    await wait(8000)
    await end()
    await eventually('the full rate', async () => (await callsOfLastSecond()) > 0.95 * CEILING, 10_000, 250)
    const attemptsLost = await fleet.attemptsLost()
    const seen = await watched()
    await annotate(JSON.stringify({ ...seen, attemptsLost }))
    expectLimitHeld(seen)
    // One attempt for each job in hand.
    expect(attemptsLost).toBeLessThanOrEqual(fleet.workers.length * JOBS_IN_HAND)
  },
)

async function throttled(): Promise<{ calls: number; refused: number }> {
  const { calls = 0, byCode = {} } = (await fleet.simulator.figures()).byCommand[COMMAND] ?? {}
  return { calls, refused: byCode['60007'] ?? 0 }
}

async function callsOfLastSecond(): Promise<number> {
  const arrivals = await fleet.arrivals()
  return sumUp(arrivals, (arrivals.at(-1) ?? 0) - 1000).calls
}
