/**
 * Promises 1 and 2 of the design: no rolling second above the ceiling, seen where the calls arrive, and the ceiling in
 * use, whatever the vendor's servers do: slow answers, slow handshakes, a lower ceiling than agreed, an outage.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { eventually } from '../../helpers/eventually.ts'
import {
  CEILING,
  COMMAND,
  expectLimitHeld,
  type Fleet,
  noiseIn,
  startFleet,
  type Watched,
} from '../../helpers/fleets/fleet.ts'
import { startTlsFront, type TlsFront } from '../../helpers/network/tls-front.ts'
import { type Seen, sumUp } from '../../helpers/vendor/arrivals.ts'

/** The default of WORKER_CONCURRENCY. */
const JOBS_IN_HAND = 256
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

it('settles under a vendor that refuses above 150 a second, and comes back when it takes 200 again', async ({
  annotate,
}) => {
  fleet = await startFleet({ jobs: 40_000 })
  const watched = fleet.watch()
  await fleet.simulator.steer('limit', { command: COMMAND, perSecond: 150 })
  await fleet.untilFurtherCalls(10 * CEILING)
  const settled = await throttled()
  await fleet.untilFurtherCalls(1200, 60_000)
  const later = await throttled()
  const refusedShare = (later.refused - settled.refused) / (later.calls - settled.calls)
  await annotate(`refused at first ${settled.refused} of ${settled.calls}, then a share of ${refusedShare.toFixed(4)}`)
  expect(refusedShare).toBeLessThan(0.02)

  await fleet.simulator.steer('limit', { command: COMMAND, perSecond: 1_000_000 })
  await eventually('the full rate', async () => (await callsOfLastSecond()) > 0.97 * CEILING, 120_000, 500)
  const seen = await watched()
  await annotate(JSON.stringify(seen))
  expectLimitHeld(seen)
})

const outages: readonly (readonly [what: string, begin: () => Promise<unknown>, end: () => Promise<unknown>])[] = [
  ['refuses connections', () => fleet.simulator.kill(), () => fleet.simulator.restart()],
  [
    'answers 502',
    () => fleet.simulator.steer('faults', { rules: ['http-502'] }),
    () => fleet.simulator.steer('faults', { rules: [] }),
  ],
  [
    'says nothing',
    () => fleet.simulator.steer('faults', { rules: ['hang'] }),
    () => fleet.simulator.steer('faults', { rules: [] }),
  ],
]

it.for(outages)(
  'burns no attempts while the vendor %s for 8 s, and is back at the full rate in 10 s',
  async ([, begin, end], { annotate }) => {
    fleet = await startFleet()
    const watched = fleet.watch()
    await begin()
    await wait(8000)
    await end()
    await eventually('the full rate', async () => (await callsOfLastSecond()) > 0.95 * CEILING, 10_000, 250)
    const attemptsLost = await fleet.attemptsLost()
    const seen = await watched()
    await annotate(JSON.stringify({ ...seen, attemptsLost }))
    expectLimitHeld(seen)
    // One attempt for each job in hand.
    expect(attemptsLost).toBeLessThanOrEqual(fleet.workers.length * JOBS_IN_HAND)
  },
)

async function throttled(): Promise<{ calls: number; refused: number }> {
  const { calls = 0, byCode = {} } = (await fleet.simulator.figures()).byCommand[COMMAND] ?? {}
  return { calls, refused: byCode['60007'] ?? 0 }
}

async function callsOfLastSecond(): Promise<number> {
  const arrivals = await fleet.arrivals()
  return sumUp(arrivals, (arrivals.at(-1) ?? 0) - 1000).calls
}
