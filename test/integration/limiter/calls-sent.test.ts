import { expect, it } from 'vitest'
import { setFleetRate } from '../../../jobs/status/fleet-control.ts'
import { virtualFleetForTest } from '../../helpers/virtual/fleet-for-test.ts'

it('every call that was sent is counted once, whatever answers of Redis are lost', async () => {
  const { fleet, redis, prefix } = virtualFleetForTest('calls sent', 10)
  const processes = Array.from({ length: 4 }, () => fleet.start())
  for (let faults = 0; faults < 40; faults++) {
    const process = processes[faults % processes.length]
    fleet.time.at(3000 + faults * 100, () => (faults % 7 === 0 ? process?.loseReplies() : process?.disconnect()))
  }
  // At one call a second the processes can report all calls before the end.
  fleet.time.at(12_000, () => setFleetRate(redis, prefix, 1, 200))
  await fleet.time.passUntil(13_950)
  expect(fleet.arrivals().length).toBeGreaterThan(1000)
  expect(await fleet.server.countSent()).toBe(fleet.arrivals().length)
})
