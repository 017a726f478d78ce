/**
 * Promise 1 of the design: no rolling second above the ceiling, seen where the calls arrive, whatever befalls the worker
 * processes, and they go on. How close to the ceiling they come depends here on the machine: programs that start take the
 * cores from those that work. `integration/limiter/use` plays the same troubles in virtual time and asserts it.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { runCommand } from '../../helpers/commands/run-command.ts'
import { eventually } from '../../helpers/eventually.ts'
import { CEILING, expectLimitHeld, type Fleet, startFleet } from '../../helpers/fleets/fleet.ts'
import { LATE_BY_NOISE, sumUp } from '../../helpers/vendor/arrivals.ts'

let fleet: Fleet

afterEach(() => fleet.stop())

it('holds the limit and goes on while a worker is stopped for 3 s, and when it wakes up', async ({ annotate }) => {
  fleet = await startFleet()
  const seen = await fleet.watch()
  fleet.workers[0]?.signal('SIGSTOP')
  await wait(3000)
  await fleet.untilFurtherCalls(0)
  fleet.workers[0]?.signal('SIGCONT')
  await fleet.untilAllCall()
  await fleet.untilFurtherCalls(2 * CEILING)
  await annotate(JSON.stringify(await seen()))
  expectLimitHeld(await seen())
})

it('holds the limit and goes on when workers are killed and new ones start at once', async ({ annotate }) => {
  fleet = await startFleet()
  const seen = await fleet.watch()
  await fleet.killWorkers(2)
  await fleet.addWorkers(2)
  await fleet.untilAllCall()
  await fleet.untilFurtherCalls(2 * CEILING)
  await annotate(JSON.stringify(await seen()))
  expectLimitHeld(await seen())
})

it('holds the limit and goes on while the event loop of a worker is blocked for 500 ms again and again', async ({
  annotate,
}) => {
  const blockedLoop = new URL('../../helpers/processes/blocked-loop.ts', import.meta.url).href
  fleet = await startFleet({ settings: worker => (worker === 0 ? { NODE_OPTIONS: `--import=${blockedLoop}` } : {}) })
  const seen = await fleet.watch()
  fleet.workers[0]?.signal('SIGUSR2')
  await fleet.untilFurtherCalls(5 * CEILING)
  await fleet.untilAllCall()
  await annotate(JSON.stringify(await seen()))
  expectLimitHeld(await seen())
})

it('holds the limit and goes on when the host clocks of two workers are wrong by an hour', async ({ annotate }) => {
  const shiftedClock = new URL('../../helpers/processes/shifted-clock.ts', import.meta.url).href
  const shiftsMs = [3_600_000, -3_600_000]
  fleet = await startFleet({
    settings: worker => ({
      NODE_OPTIONS: `--import=${shiftedClock}`,
      SHIFT_CLOCK_MS: String(shiftsMs[worker] ?? 0),
    }),
  })
  const seen = await fleet.watch()
  await fleet.untilAllCall()
  await fleet.untilFurtherCalls(3 * CEILING)
  await annotate(JSON.stringify(await seen()))
  expectLimitHeld(await seen())
})

it('holds the limit and goes on while the fleet grows from 1 worker to 8 and shrinks to 1 again', async ({
  annotate,
}) => {
  fleet = await startFleet({ workers: 1, jobs: 30_000 })
  const seen = await fleet.watch()
  await fleet.untilFurtherCalls(CEILING)
  // One after the other, as a rollout starts them: seven at once would take the cores from the one that works.
  for (let added = 0; added < 7; added++) await fleet.addWorkers(1)
  await fleet.untilAllCall()
  await fleet.untilFurtherCalls(2 * CEILING)
  await fleet.drainWorkersTo(1)
  await fleet.untilAllCall()
  await fleet.untilFurtherCalls(2 * CEILING)
  await annotate(JSON.stringify(await seen()))
  expectLimitHeld(await seen())
})

it('follows `clear-friends rate` within a second, all workers at once', async ({ annotate }) => {
  fleet = await startFleet()
  const allInSecondAfter = async (rate: number): Promise<number> => {
    const settings = { REDIS_URL: fleet.redis.url, RATE_LIMIT_PER_SECOND: String(CEILING) }
    expect(await runCommand(['rate', String(rate)], settings)).toMatchObject({ code: 0 })
    const setAt = (await fleet.arrivals()).at(-1) ?? 0
    const isOver = async (): Promise<boolean> => ((await fleet.arrivals()).at(-1) ?? 0) > setAt + 2000
    await eventually('two seconds of calls', isOver)
    return sumUp(await fleet.arrivals(), setAt + 1000, setAt + 2000).calls
  }
  const seen = await fleet.watch()
  const [lowered, raised] = [await allInSecondAfter(50), await allInSecondAfter(CEILING)]
  await annotate(JSON.stringify({ ...(await seen()), lowered, raised }))
  expectLimitHeld(await seen())
  expect(lowered).toBeLessThanOrEqual(50 + LATE_BY_NOISE)
  // How near to the ceiling is shown in virtual time (live-rate.test.ts); here the machine has its say.
  expect(raised).toBeGreaterThan(CEILING / 2)
})
