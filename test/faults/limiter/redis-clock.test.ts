/**
 * Promise 1 of the design: no rolling second above the ceiling, measured where the calls arrive, when the clock of
 * Redis is stepped under a fleet at work. The server itself gets another time.
 */
import { afterAll, beforeAll, beforeEach, it } from 'vitest'
import { eventually } from '../../helpers/eventually.ts'
import { CEILING, expectLimitHeld, type Fleet, startFleet } from '../../helpers/fleets/fleet.ts'
import { type SteppableRedis, startSteppableRedis } from '../../helpers/redis/steppable-clock.ts'

let clock: SteppableRedis
let fleet: Fleet

beforeAll(async () => {
  clock = await startSteppableRedis()
  fleet = await startFleet({ redis: clock.redis, jobs: 60_000 })
})
afterAll(async () => {
  await fleet.stop()
  await clock.stop()
})
beforeEach(async () => {
  await fleet.untilAllCall()
  await fleet.untilFurtherCalls(CEILING)
})

async function wrongByMs(): Promise<number> {
  const [seconds = 0, micros = 0] = await fleet.client.time()
  return Number(seconds) * 1000 + Number(micros) / 1000 - Date.now()
}

const steps: readonly (readonly [step: string, toMs: number])[] = [
  ['half a second forward', 500],
  ['half a second back', 0],
  ['an hour forward', 3_600_000],
  ['an hour back', 0],
]

it.for(steps)('holds the limit and goes on when the clock of Redis is stepped %s', async ([, toMs], { annotate }) => {
  const watched = fleet.watch()
  await clock.stepTo(toMs)
  await eventually('the clock to be stepped', async () => Math.abs((await wrongByMs()) - toMs) < 200)
  await fleet.untilAllCall()
  await fleet.untilFurtherCalls(2 * CEILING)
  const seen = await watched()
  await annotate(JSON.stringify(seen))
  expectLimitHeld(seen)
})
