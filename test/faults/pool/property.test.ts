/**
 * Promise 2 of the design with few jobs in hand, in virtual time: the limiter, its script, Redis and the choice of when to
 * take a job are real.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, it } from 'vitest'
import { type PrivateRedis, startPrivateRedis } from '../../../private-redis/private-redis.ts'
import { aSchedule, expectPermitsUsed, work } from '../../helpers/virtual/hand-property.ts'

const RUNS = 25

let redis: PrivateRedis
beforeAll(async () => {
  redis = await startPrivateRedis()
})
afterAll(() => redis.stop())

it('no permit goes without a job while jobs wait, whatever the jobs do and befalls the processes', async () => {
  const property = fc.asyncProperty(aSchedule, async schedule =>
    expectPermitsUsed(await work(schedule, { url: redis.url, prefix: '{hand}' })),
  )
  await fc.assert(property, { numRuns: RUNS, endOnFailure: false, interruptAfterTimeLimit: 120_000 })
})
