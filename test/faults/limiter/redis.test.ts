/**
 * Promise 1 of the design: no rolling second above the ceiling, measured where the calls arrive, under faults of Redis.
 * While Redis cannot be asked, workers make no call; after Redis has lost the granted permits, the fleet holds first.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { DEFAULT_PREFIX, keysOf } from '../../../redis/keys.ts'
import { CEILING, expectLimitHeld, type Fleet, startFleet } from '../../helpers/fleets/fleet.ts'

let fleet: Fleet

beforeAll(async () => {
  fleet = await startFleet({ jobs: 60_000 })
})
afterAll(() => fleet.stop())
beforeEach(async () => {
  await fleet.untilAllCall()
  await fleet.untilFurtherCalls(CEILING)
})

const faults: readonly (readonly [fault: string, inflict: () => Promise<unknown>])[] = [
  ['its scripts were flushed', () => fleet.client.script('FLUSH')],
  ['the limiter’s key was deleted', () => fleet.client.del(keysOf(DEFAULT_PREFIX).permits('friend_delete_all'))],
  ['it was paused for 2 s', () => fleet.client.call('CLIENT', 'PAUSE', '2000')],
  [
    'everything in it was flushed',
    async () => {
      await fleet.client.flushall()
      await fleet.enqueue(60_000)
    },
  ],
  ['it was killed and is back after 0.3 s', () => crashFor(300)],
  ['it was killed and is back after 5 s', () => crashFor(5000)],
]

async function crashFor(downMs: number): Promise<void> {
  await fleet.redis.kill()
  await wait(downMs)
  await fleet.redis.restart()
}

it.for(faults)('holds the limit and goes on when %s', async ([, inflict], { annotate }) => {
  const watched = fleet.watch()
  await inflict()
  await fleet.untilAllCall()
  await fleet.untilFurtherCalls(2 * CEILING)
  const seen = await watched()
  await annotate(JSON.stringify(seen))
  expectLimitHeld(seen)
})

it('makes no call while Redis is away', async () => {
  await fleet.redis.kill()
  await wait(500)
  const calls = (await fleet.arrivals()).length
  await wait(1500)
  expect((await fleet.arrivals()).length).toBe(calls)
  await fleet.redis.restart()
  await fleet.untilAllCall()
})
