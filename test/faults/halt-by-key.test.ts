/**
 * Promise 5 of the design: our own fault burns no job. Two real workers halt when the vendor refuses all calls, and go
 * on when that is mended.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../helpers/eventually.ts'
import { type Fault, FaultyFleet, haltBy, mendAndGoOn } from '../helpers/fleets/faulty-fleet.ts'

const [KEY_B, KEY_C] = ['b'.repeat(64), 'c'.repeat(64)]
const JOBS = 250

const OTHER_KEY: Fault = {
  code: '70009',
  told: /IM_SECRET_KEY/,
  breakIt: fleet => fleet.setKeys({ vendor: KEY_C }),
  mendIt: fleet => fleet.setKeys({ file: KEY_C }),
}
const PLAN_ENDED: Fault = {
  code: '60020',
  told: /plan/,
  breakIt: fleet => fleet.simulator.setApp({ standing: 'plan_expired' }),
  mendIt: fleet => fleet.mendAll(),
}

let fleet: FaultyFleet
beforeAll(async () => {
  fleet = await FaultyFleet.start(200)
})
afterEach(() => fleet.mendAll())
afterAll(() => fleet.stop())

describe('a fleet', () => {
  it('is not halted by a key that is rotated, when the new one is in the file before the vendor wants it', async () => {
    await fleet.enqueue(JOBS)
    await fleet.untilFurtherCalls(50)
    await fleet.setKeys({ file: KEY_B, vendor: KEY_B })
    await fleet.untilFurtherCalls(100)
    expect((await fleet.fleet.readStatus()).halted).toBeNull()
    expect(fleet.simulator.figures().byCode['70009']).toBeGreaterThan(0)
  })

  it('is halted by a wrong key, says so while probes fail, burns no job, and goes on by itself', async () => {
    await fleet.enqueue(JOBS)
    await fleet.untilFurtherCalls(50)
    await haltBy(OTHER_KEY, fleet)
    await eventually('a probe that fails', async () => fleet.logged('still halted') > 0)
    // The first probe after the repair is enough; another one may have been under way.
    expect(await mendAndGoOn(OTHER_KEY, fleet)).toBeLessThanOrEqual(2)
    await fleet.untilFurtherCalls(50)
  })

  it('is halted by a plan that has ended, burns no job, and goes on by command', async () => {
    await fleet.enqueue(JOBS)
    await fleet.untilFurtherCalls(50)
    await haltBy(PLAN_ENDED, fleet)
    expect(await mendAndGoOn(PLAN_ENDED, fleet)).toBe(0)
    await fleet.untilFurtherCalls(50)
  })

  it('leaves every job as it was: all of them end at their first attempt', async () => {
    await fleet.fleet.untilSettled(fleet.enqueued)
    const lines = await fleet.fleet.settledLines(fleet.enqueued)
    const notAtOnce = lines.filter(line => line.outcome !== 'cleared' || line.attempts > 1)
    expect(notAtOnce).toEqual([])
  })
})
