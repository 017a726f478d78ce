import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { sequence } from '../../../simulator/faults/seeded-random.ts'
import { testRedis } from '../redis/redis.ts'
import { realLimiter, startVirtualFleet, type VirtualFleet } from './virtual-fleet.ts'

/** A virtual fleet in a key space of the run's Redis that ends with the test. */
export interface FleetForTest {
  readonly fleet: VirtualFleet
  readonly redis: Redis
  readonly prefix: string
}

/** The vendor's ceiling, calls per second. */
export const CEILING = 200

/**
 * Makes a fleet without processes under the real limiter, at a vendor less than 1 ms away.
 *
 * @param seed name of its random numbers
 * @param oneWayAtMostMs longest way to Redis, and back; default 1 ms
 */
export function virtualFleetForTest(seed: string, oneWayAtMostMs = 1): FleetForTest {
  const { url, prefix, cleanUp } = testRedis()
  const redis = new Redis(url)
  onTestFinished(async () => {
    await cleanUp()
    redis.disconnect()
  })
  const random = sequence(1, seed)
  const oneWayMs = (): number => random() * oneWayAtMostMs
  const fleet = startVirtualFleet({
    redis,
    prefix,
    ceilingPerSecond: CEILING,
    createLimiter: realLimiter,
    random,
    way: { thereMs: oneWayMs, backMs: oneWayMs },
    travelMs: () => random(),
  })
  return { fleet, redis, prefix }
}
