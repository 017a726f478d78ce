/** Promises 1 and 2 of the design, with generated fleets and faults. The fault suite does the same many times more. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { testRedis } from '../../helpers/redis/redis.ts'
import { aScenario, expectLimitKept, play } from '../../helpers/virtual/limit-property.ts'
import { realLimiter } from '../../helpers/virtual/virtual-fleet.ts'

it('no rolling second is above the ceiling, and the ceiling is used, whatever befalls a fleet', async () => {
  const property = fc.asyncProperty(aScenario, async scenario =>
    expectLimitKept(await play(scenario, testRedis(), realLimiter)),
  )
  // To shrink a scenario takes minutes, which would end as a time-out that names none.
  await fc.assert(property, { numRuns: 4, endOnFailure: true })
})

it.each([1, 8])('%d processes use the ceiling with at most one round trip to Redis for each call', async processes => {
  const played = await play({ seed: processes, processes, roundTripMs: 1, faults: [] }, testRedis(), realLimiter)
  expectLimitKept(played)
  expect(played.roundTripsPerCall).toBeLessThanOrEqual(1)
})
