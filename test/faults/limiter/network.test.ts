/**
 * Promise 1 of the design: no rolling second above the ceiling, measured where the calls arrive, under faults of the
 * network between the workers and Redis.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, it } from 'vitest'
import { type PrivateRedis, startPrivateRedis } from '../../../private-redis/private-redis.ts'
import { CEILING, expectLimitHeld, type Fleet, startFleet } from '../../helpers/fleets/fleet.ts'
import { startTcpProxy, type TcpProxy } from '../../helpers/network/tcp-proxy.ts'

let redis: PrivateRedis
let proxy: TcpProxy
let fleet: Fleet

beforeAll(async () => {
  redis = await startPrivateRedis()
  proxy = await startTcpProxy(redis.port)
  fleet = await startFleet({ redis, jobs: 60_000, settings: () => ({ REDIS_URL: `redis://127.0.0.1:${proxy.port}` }) })
})
afterAll(async () => {
  await fleet.stop()
  await proxy.stop()
  await redis.stop()
})
beforeEach(async () => {
  proxy.heal()
  await fleet.untilAllCall()
  await fleet.untilFurtherCalls(CEILING)
})

const faults: readonly (readonly [fault: string, inflict: () => Promise<unknown>])[] = [
  ['a reply is lost', () => proxy.loseReplyTo('permits:friend_delete_all')],
  [
    'nothing passes for 5 s',
    async () => {
      proxy.blackHole()
      await wait(5000)
      proxy.heal()
    },
  ],
  ['replies are delayed by 0 to 200 ms', async () => proxy.delayReplies(() => Math.random() * 200)],
  ['replies are prompt again', async () => proxy.delayReplies(() => 0)],
  ['the live connections are dead for ever', async () => proxy.blackHoleForEver()],
]

it.for(faults)('holds the limit and goes on when %s', async ([, inflict], { annotate }) => {
  const watched = fleet.watch()
  await inflict()
  await fleet.untilAllCall()
  await fleet.untilFurtherCalls(4 * CEILING)
  const seen = await watched()
  await annotate(JSON.stringify(seen))
  expectLimitHeld(seen)
})
