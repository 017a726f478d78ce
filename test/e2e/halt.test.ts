/** Faults of our own, driven through two real workers: the fleet halts, burns no job, and goes on when they are mended. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../helpers/eventually.ts'
import { FaultyFleet } from '../helpers/fleets/faulty-fleet.ts'

const [KEY_B, KEY_C] = ['b'.repeat(64), 'c'.repeat(64)]
/** At 30 to 60 ms a call about ten of 200 a second are under way. A busy machine may hold up the news a little. */
const UNDER_WAY = 30
/**
 * Two workers, and each lets two accounts pass before the third is a row. An OK that was under way and comes in between
 * begins the row anew, so that it may be twice as many.
 */
const BEFORE_A_ROW = 8

interface Fault {
  readonly what: string
  readonly code: string
  /** What the operator is told. */
  readonly told: RegExp
  readonly breakIt: (fleet: FaultyFleet) => unknown
  readonly mendIt: (fleet: FaultyFleet) => unknown
}

const MENDED = (fleet: FaultyFleet): Promise<void> => fleet.mendAll()

/** Faults whose end a probe finds out after the shortest pause. */
const ENDED_BY_A_PROBE: readonly Fault[] = [
  {
    what: 'the key is another one',
    code: '70009',
    told: /IM_SECRET_KEY/,
    breakIt: fleet => fleet.setKeys({ vendor: KEY_C }),
    mendIt: fleet => fleet.setKeys({ file: KEY_C }),
  },
  {
    what: 'the admin right is taken away',
    code: '60010',
    told: /IM_ADMIN/,
    breakIt: fleet => fleet.simulator.setApp({ admins: ['somebody'] }),
    mendIt: fleet => fleet.simulator.setApp({ admins: ['administrator'] }),
  },
  {
    what: 'the domain is of another region',
    code: '60026',
    told: /IM_BASE_URL/,
    breakIt: fleet => fleet.failForAll({ code: 60026 }),
    mendIt: fleet => fleet.simulator.setFaults([]),
  },
  {
    what: 'the address is not allowed',
    code: '60021',
    told: /allowlist/,
    breakIt: fleet => fleet.simulator.setApp({ allowedIps: ['10.0.0.1'] }),
    mendIt: fleet => fleet.simulator.setApp({ allowedIps: ['127.0.0.1', '::1', '::ffff:127.0.0.1'] }),
  },
  {
    what: 'the clock of this host is days off, and signing anew does not help',
    code: '70001',
    told: /clock/,
    breakIt: fleet => fleet.simulator.setClock({ skewMs: 3 * 86_400_000 }),
    mendIt: fleet => fleet.simulator.setClock({ skewMs: 0 }),
  },
]

/** Faults where a probe must wait for minutes or may come at any moment; a person ends them here. */
const ENDED_BY_COMMAND: readonly Fault[] = [
  {
    what: 'the plan has ended',
    code: '60020',
    told: /plan/,
    breakIt: fleet => fleet.simulator.setApp({ standing: 'plan_expired' }),
    mendIt: MENDED,
  },
  {
    what: 'the app is disabled',
    code: '60016',
    told: /support/,
    breakIt: fleet => fleet.simulator.setApp({ standing: 'disabled' }),
    mendIt: MENDED,
  },
  {
    what: 'there were too many wrong signatures',
    code: '70050',
    told: /IM_SECRET_KEY/,
    breakIt: fleet => fleet.failForAll({ code: 70050 }),
    mendIt: MENDED,
  },
  {
    what: 'something on the way redirects',
    code: 'http_302',
    told: /redirect/,
    breakIt: fleet => fleet.failForAll({ http: 302 }),
    mendIt: MENDED,
  },
]

const titled = (faults: readonly Fault[]): (readonly [string, string, Fault])[] =>
  faults.map(fault => [fault.what, fault.code, fault] as const)

/** Breaks something under load, and shows that the fleet stands still with every job as it was. */
async function haltBy(fault: Fault, fleet: FaultyFleet): Promise<void> {
  const from = fleet.fleet.answers.length
  await fault.breakIt(fleet)
  await fleet.untilHalted()
  await fleet.untilQuiet()
  const { halted, queue } = await fleet.fleet.readStatus()
  expect(halted).toMatchObject({ code: fault.code, reason: expect.stringMatching(fault.told) })
  const refused = fleet.fleet.answers
    .slice(from)
    .filter(each => each.answer === fault.code && each.command === 'friend_delete_all')
  expect(refused.length).toBeGreaterThan(0)
  // An old signature is tried once more, with a new one.
  expect(refused.length).toBeLessThanOrEqual(UNDER_WAY * (fault.code === '70001' ? 2 : 1))
  expect(queue.failed).toBe(0)
  expect(await fleet.attemptsSpent()).toBe(0)
}

describe.concurrent('a fault of our own that can be seen to be mended', () => {
  it.each(titled(ENDED_BY_A_PROBE))(
    'halts the whole fleet when %s (%s), burns no job, and ends by itself',
    async (_, __, fault) => {
      // Five fleets side by side.
      const fleet = await FaultyFleet.start(50)
      try {
        await fleet.enqueue(200)
        await fleet.untilFurtherCalls(30)
        await haltBy(fault, fleet)
        const probesBefore = fleet.calls('friend_get')
        await fault.mendIt(fleet)
        await fleet.untilGoingOn()
        // The first probe after the repair is enough, and one comes every 5 s; where it takes longer, none was sent.
        expect(fleet.calls('friend_get') - probesBefore).toBeLessThanOrEqual(2)
        await fleet.untilFurtherCalls(30)
      } finally {
        await fleet.stop()
      }
    },
  )

  it('keeps the fleet halted while probes fail, and says so', async () => {
    const fleet = await FaultyFleet.start(50)
    try {
      await fleet.enqueue(200)
      await fleet.untilFurtherCalls(30)
      fleet.simulator.setApp({ admins: ['somebody'] })
      await fleet.untilHalted()
      await eventually('a probe that fails', async () => fleet.logged('still halted') > 0, 60_000)
      expect((await fleet.fleet.readStatus()).halted).toMatchObject({ code: '60010' })
    } finally {
      await fleet.stop()
    }
  })
})

describe('a fleet', () => {
  const PER_ROW = 250
  let fleet: FaultyFleet

  beforeAll(async () => {
    fleet = await FaultyFleet.start(200)
  })
  afterEach(() => fleet.mendAll())
  afterAll(() => fleet.stop())

  it('is not halted by a key that is rotated, when the new one is in the file before the vendor wants it', async () => {
    await fleet.enqueue(PER_ROW)
    await fleet.untilFurtherCalls(50)
    await fleet.setKeys({ file: KEY_B, vendor: KEY_B })
    await fleet.untilFurtherCalls(100)
    expect((await fleet.fleet.readStatus()).halted).toBeNull()
    expect(fleet.simulator.figures().byCode['70009']).toBeGreaterThan(0)
  })

  it.each(titled(ENDED_BY_COMMAND))(
    'is halted when %s (%s), burns no job, and goes on by command',
    async (_, __, fault) => {
      await fleet.enqueue(PER_ROW)
      await fleet.untilFurtherCalls(50)
      await haltBy(fault, fleet)
      const probesBefore = fleet.calls('friend_get')
      await fault.mendIt(fleet)
      await fleet.untilGoingOn()
      expect(fleet.calls('friend_get')).toBe(probesBefore)
      await fleet.untilFurtherCalls(50)
    },
  )

  it('is halted by a proxy that refuses everybody: three accounts are tried again, the others wait', async () => {
    await fleet.enqueue(PER_ROW)
    await fleet.untilFurtherCalls(50)
    fleet.failForAll({ http: 403 })
    await fleet.untilHalted()
    await fleet.untilQuiet()
    expect((await fleet.fleet.readStatus()).halted).toMatchObject({ code: 'http_403' })
    expect(await fleet.attemptsSpent()).toBeLessThanOrEqual(BEFORE_A_ROW)
  })

  it('is halted by a body that cannot be parsed for anybody: a person must look', async () => {
    await fleet.enqueue(PER_ROW)
    await fleet.untilFurtherCalls(50)
    fleet.failForAll({ code: 60003 })
    await fleet.untilHalted()
    await fleet.untilQuiet()
    const { halted, queue } = await fleet.fleet.readStatus()
    expect(halted).toMatchObject({ code: '60003', reason: expect.stringContaining('for 3 accounts in a row') })
    expect(queue.failed).toBeLessThanOrEqual(BEFORE_A_ROW)
  })

  it('leaves every job as it was: all others end at their first attempt', async () => {
    await eventually(
      'the queue to be empty',
      async () => {
        for (const job of await fleet.fleet.queue.getDelayed()) await job.promote().catch(() => {})
        const { waiting, active, delayed } = (await fleet.fleet.readStatus()).queue
        return waiting + active + delayed === 0
      },
      60_000,
    )
    await eventually('the log', async () => fleet.fleet.settledLines().length >= fleet.enqueued)
    const cleared = fleet.fleet.settledLines().filter(line => line.outcome === 'cleared')
    expect(cleared.length).toBeGreaterThanOrEqual(fleet.enqueued - BEFORE_A_ROW)
    // Those that the refusing proxy had twice, and nobody else.
    expect(cleared.filter(line => line.attempts > 1).length).toBeLessThanOrEqual(BEFORE_A_ROW)
  })
})
