import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { setFleetRate } from '../../../jobs/status/fleet-control.ts'
import { sequence } from '../../../simulator/faults/seeded-random.ts'
import { testRedis } from '../../helpers/redis/redis.ts'
import { realLimiter, startVirtualFleet } from '../../helpers/virtual/virtual-fleet.ts'

it('every call that was sent is counted once, whatever answers of Redis are lost', async () => {
  const keySpace = testRedis()
  const redis = new Redis(keySpace.url)
  onTestFinished(async () => {
    await keySpace.cleanUp()
    redis.disconnect()
  })
  const random = sequence(1, 'calls sent')
  const oneWayMs = (): number => random() * 10
  const fleet = startVirtualFleet({
    redis,
    prefix: keySpace.prefix,
    ceilingPerSecond: 200,
    createLimiter: realLimiter,
    random,
    way: { thereMs: oneWayMs, backMs: oneWayMs },
    travelMs: () => random(),
  })
  const processes = Array.from({ length: 4 }, () => fleet.start())
  for (let faults = 0; faults < 40; faults++) {
    const process = processes[faults % processes.length]
    fleet.time.at(3000 + faults * 100, () => (faults % 7 === 0 ? process?.loseReplies() : process?.disconnect()))
  }
  // At one call a second the processes can report all calls before the end.
  fleet.time.at(12_000, () => setFleetRate(redis, keySpace.prefix, 1, 200))
  await fleet.time.passUntil(13_950)
  expect(fleet.arrivals().length).toBeGreaterThan(1000)
  expect(await fleet.server.countSent()).toBe(fleet.arrivals().length)
})
