/** Promise 1 of the design: no rolling second above the ceiling, at the vendor, when Sentinels replace the primary. */
import { afterEach, it } from 'vitest'
import { eventually } from '../../helpers/eventually.ts'
import { CEILING, expectLimitHeld, type Fleet, startFleet } from '../../helpers/fleets/fleet.ts'
import { type SentinelSet, startSentinelSet } from '../../helpers/processes/sentinel-set.ts'

let set: SentinelSet
let fleet: Fleet

afterEach(async () => {
  await fleet.stop()
  await set.stop()
})

it('holds the limit and goes on when Sentinels make the replica the primary', async ({ annotate }) => {
  set = await startSentinelSet({ downAfterMs: 500 })
  fleet = await startFleet({
    redis: set.primary,
    settings: () => ({ REDIS_SENTINELS: set.sentinels, REDIS_SENTINEL_NAME: set.name }),
  })
  const watched = fleet.watch()
  await set.primary.kill()
  await eventually('a new primary', async () => (await set.primaryPort()) !== set.primary.port, 60_000)
  await fleet.untilAllCall(60_000)
  await fleet.untilFurtherCalls(3 * CEILING)
  const seen = await watched()
  await annotate(JSON.stringify(seen))
  expectLimitHeld(seen)
})
