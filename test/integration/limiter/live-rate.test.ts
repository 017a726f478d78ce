import { expect, it } from 'vitest'
import { setFleetRate } from '../../../jobs/status/fleet-control.ts'
import { sumUp } from '../../helpers/vendor/arrivals.ts'
import { CEILING, virtualFleetForTest } from '../../helpers/virtual/fleet-for-test.ts'

const PROCESSES = 8
/** A change of the rate must come through within the first second. */
const CAME_THROUGH_MS = 1000

it('a rate that an operator sets holds for the whole fleet in less than a second, down and up', async () => {
  const { fleet, redis, prefix } = virtualFleetForTest('live rate', 2)
  for (let process = 0; process < PROCESSES; process++) fleet.start()
  const changes = [50, 200, 7, 120, 1, 200]
  const LASTS_MS = 5000
  for (const [index, rate] of changes.entries()) {
    fleet.time.at((index + 1) * LASTS_MS, () => setFleetRate(redis, prefix, rate, CEILING))
  }
  await fleet.time.passUntil((changes.length + 1) * LASTS_MS)
  for (const [index, rate] of changes.entries()) {
    const from = (index + 1) * LASTS_MS + CAME_THROUGH_MS
    const seen = sumUp(fleet.arrivals(), from, from + LASTS_MS - CAME_THROUGH_MS)
    expect(seen.peakOfSecond, `calls in the worst second at ${rate} a second`).toBeLessThanOrEqual(rate)
    expect(seen.calls, `calls in four seconds at ${rate} a second`).toBeGreaterThanOrEqual(Math.floor(4 * rate * 0.98))
  }
})
