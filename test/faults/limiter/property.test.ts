/**
 * Promises 1 and 2 of the design, with generated fleets and faults in virtual time: the limiter, its script and Redis
 * are real; only time, timers and the ways between them are the test's. A busy machine changes no result, so there is
 * no allowance for noise.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, it } from 'vitest'
import { type PrivateRedis, startPrivateRedis } from '../../../private-redis/private-redis.ts'
import { aScenario, expectLimitKept, play } from '../../helpers/virtual/limit-property.ts'
import { realLimiter } from '../../helpers/virtual/virtual-fleet.ts'

const RUNS = 60

let redis: PrivateRedis
beforeAll(async () => {
  redis = await startPrivateRedis()
})
afterAll(() => redis.stop())

it('no rolling second is above the ceiling, and the ceiling is used, whatever befalls a fleet', async () => {
  const property = fc.asyncProperty(aScenario, async scenario =>
    expectLimitKept(await play(scenario, { url: redis.url, prefix: '{property}' }, realLimiter)),
  )
  await fc.assert(property, { numRuns: RUNS, endOnFailure: false, interruptAfterTimeLimit: 120_000 })
})
