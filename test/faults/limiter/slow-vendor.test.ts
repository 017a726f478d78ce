/**
 * Promise 1 of the design: no rolling second above the ceiling, seen where the calls arrive, however slow the vendor's
 * answers and handshakes are.
 */
import { afterEach, expect, it } from 'vitest'
import { CEILING, expectLimitHeld, type Fleet, noiseIn, startFleet, type Watched } from '../../helpers/fleets/fleet.ts'
import { startTlsFront, type TlsFront } from '../../helpers/network/tls-front.ts'
import type { Seen } from '../../helpers/vendor/arrivals.ts'

const HANDSHAKE_MS = 150

/** A fleet that slow answers or handshakes hold up falls far below half the ceiling; a busy machine does not. */
function expectUsed({ perSecond }: Seen): void {
  expect(perSecond, 'calls per second').toBeGreaterThan(CEILING / 2)
}

let fleet: Fleet
let fronts: TlsFront[] = []

afterEach(async () => {
  await fleet.stop()
  await Promise.all(fronts.map(front => front.stop()))
  fronts = []
})

it('holds the limit when answers take 2 s instead of 20 ms, and when they are quick again', async ({ annotate }) => {
  fleet = await startFleet()
  const watched = fleet.watch()
  await fleet.simulator.steer('latency', { latency: 2000 })
  await fleet.untilFurtherCalls(5 * CEILING)
  await fleet.simulator.steer('latency', { latency: 20 })
  await fleet.untilFurtherCalls(4 * CEILING)
  const seen = await watched()
  await annotate(JSON.stringify(seen))
  expectUsed(expectLimitHeld(seen))
})

/** Two workers over slow handshakes: at the start, at scale-up, and after the vendor has closed all idle connections. */
async function callOverSlowHandshakes(nodeOptions = ''): Promise<Watched & { handshakes: number[] }> {
  fleet = await startFleet({
    workers: 1,
    settings: async (_worker, { simulator }) => {
      const front = await startTlsFront(simulator.port, HANDSHAKE_MS)
      fronts.push(front)
      return { IM_BASE_URL: front.url, NODE_EXTRA_CA_CERTS: front.certificateFile, NODE_OPTIONS: nodeOptions }
    },
  })
  await fleet.addWorkers(1)
  await fleet.untilAllCall()
  await fleet.untilFurtherCalls(2 * CEILING)
  await Promise.all(fronts.map(front => front.closeIdle()))
  await fleet.untilFurtherCalls(2 * CEILING)
  const handshakes = await Promise.all(fronts.map(front => front.handshakes()))
  return { ...(await fleet.watched()), handshakes }
}

it('holds the limit when handshakes take 150 ms: at the start, at scale-up, after all idle connections were closed', async ({
  annotate,
}) => {
  const seen = await callOverSlowHandshakes()
  await annotate(JSON.stringify(seen))
  expectUsed(expectLimitHeld(seen))
})

it('does not hold it so when the permit is taken before the connection is open', async ({ annotate }) => {
  const withoutRule = new URL('../../helpers/processes/permit-before-connection.ts', import.meta.url).href
  const seen = await callOverSlowHandshakes(`--import=${withoutRule}`)
  await annotate(JSON.stringify(seen))
  expect(seen.peakOfSecond).toBeGreaterThan(CEILING + noiseIn(seen))
})
