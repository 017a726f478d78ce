/**
 * Promise 1 of the design: no rolling second above the ceiling, seen where the calls arrive, whatever befalls the worker
 * processes, and they go on. How close to the ceiling they come depends here on the machine: programs that start take the
 * cores from those that work. `integration/limiter/use` plays the same troubles in virtual time and asserts it.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { runCommand } from '../../helpers/commands/run-command.ts'
import { eventually } from '../../helpers/eventually.ts'
import { CEILING, expectLimitHeld, type Fleet, startFleet } from '../../helpers/fleets/fleet.ts'
import { LATE_BY_NOISE, sumUp } from '../../helpers/vendor/arrivals.ts'

const blockedLoop = new URL('../../helpers/processes/blocked-loop.ts', import.meta.url).href
const shiftedClock = new URL('../../helpers/processes/shifted-clock.ts', import.meta.url).href
/** How wrong the host clocks of the workers are, by the worker's number. */
const SHIFTS_MS = [0, 0, 3_600_000, -3_600_000]

/** A fleet of which two workers have wrong clocks, and all block their event loop for 500 ms again and again at SIGUSR2. */
const startOddFleet = (): Promise<Fleet> =>
  startFleet({
    jobs: 60_000,
    settings: worker => ({
      NODE_OPTIONS: `--import=${blockedLoop} --import=${shiftedClock}`,
      SHIFT_CLOCK_MS: String(SHIFTS_MS[worker] ?? 0),
    }),
  })

describe('a fleet in which two host clocks are wrong by an hour', () => {
  let fleet: Fleet

  beforeAll(async () => {
    fleet = await startOddFleet()
  })
  afterAll(() => fleet.stop())

  const troubles: readonly (readonly [what: string, inflict: () => Promise<unknown>])[] = [
    ['nothing else is wrong', async () => {}],
    [
      'a worker is stopped for 3 s, and when it wakes up',
      async () => {
        fleet.workers[0]?.signal('SIGSTOP')
        await wait(3000)
        fleet.workers[0]?.signal('SIGCONT')
      },
    ],
    [
      'the event loop of a worker is blocked for 500 ms again and again',
      async () => fleet.workers[0]?.signal('SIGUSR2'),
    ],
    [
      'workers are killed and new ones start at once',
      async () => {
        await fleet.killWorkers(2)
        await fleet.addWorkers(2)
      },
    ],
  ]

  it.for(troubles)('holds the limit and goes on while %s', async ([, inflict], { annotate }) => {
    await fleet.untilAllCall()
    const watched = fleet.watch()
    await inflict()
    await fleet.untilAllCall()
    await fleet.untilFurtherCalls(3 * CEILING)
    const seen = await watched()
    await annotate(JSON.stringify(seen))
    expectLimitHeld(seen)
  })

  it('follows `clear-friends rate` within a second, all workers at once', async ({ annotate }) => {
    const allInSecondAfter = async (rate: number): Promise<number> => {
      const settings = { REDIS_URL: fleet.redis.url, RATE_LIMIT_PER_SECOND: String(CEILING) }
      expect(await runCommand(['rate', String(rate)], settings)).toMatchObject({ code: 0 })
      const setAt = (await fleet.arrivals()).at(-1) ?? 0
      const isOver = async (): Promise<boolean> => ((await fleet.arrivals()).at(-1) ?? 0) > setAt + 2000
      await eventually('two seconds of calls', isOver)
      return sumUp(await fleet.arrivals(), setAt + 1000, setAt + 2000).calls
    }
    const watched = fleet.watch()
    const [lowered, raised] = [await allInSecondAfter(50), await allInSecondAfter(CEILING)]
    const seen = await watched()
    await annotate(JSON.stringify({ ...seen, lowered, raised }))
    expectLimitHeld(seen)
    expect(lowered).toBeLessThanOrEqual(50 + LATE_BY_NOISE)
    // How near to the ceiling is shown in virtual time (live-rate.test.ts); here the machine has its say.
    expect(raised).toBeGreaterThan(CEILING / 2)
  })
})

it('holds the limit and goes on while the fleet grows from 1 worker to 8 and shrinks to 1 again', async ({
  annotate,
}) => {
  const fleet = await startFleet({ workers: 1, jobs: 30_000 })
  onTestFinished(() => fleet.stop())
  const watched = fleet.watch()
  await fleet.untilFurtherCalls(CEILING)
  // One after the other, as a rollout starts them: seven at once would take the cores from the one that works.
  for (let added = 0; added < 7; added++) await fleet.addWorkers(1)
  await fleet.untilAllCall()
  await fleet.untilFurtherCalls(2 * CEILING)
  await fleet.drainWorkersTo(1)
  await fleet.untilAllCall()
  await fleet.untilFurtherCalls(2 * CEILING)
  const seen = await watched()
  await annotate(JSON.stringify(seen))
  expectLimitHeld(seen)
})
