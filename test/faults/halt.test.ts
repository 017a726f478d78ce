/**
 * Promise 5 of the design: faults of our own, with two real workers. The fleet halts, burns no job, and goes on when
 * they are mended. The end-to-end tests cover a foreign key and a plan that has ended.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  BACK_WITHIN_MS,
  BEFORE_A_ROW,
  type Fault,
  FaultyFleet,
  haltBy,
  mendAndGoOn,
} from '../helpers/fleets/faulty-fleet.ts'

interface NamedFault extends Fault {
  readonly what: string
}

const MENDED = (fleet: FaultyFleet): Promise<void> => fleet.mendAll()

/** Faults whose end a probe finds after the shortest pause. */
const ENDED_BY_A_PROBE: readonly NamedFault[] = [
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
    told: /IP address/,
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

/** Faults whose probe must wait for minutes or may come at any moment; here an operator ends them. */
const ENDED_BY_COMMAND: readonly NamedFault[] = [
  {
    what: 'the app is disabled',
    code: '60016',
    told: /support/,
    breakIt: fleet => fleet.simulator.setApp({ standing: 'disabled' }),
    mendIt: MENDED,
  },
  {
    what: 'the plan was paid a moment ago, which the vendor notices late',
    code: '60020',
    told: /plan|pay|package/,
    breakIt: fleet => fleet.failForAll({ code: 60020 }),
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

const titled = (faults: readonly NamedFault[]): (readonly [string, string, NamedFault])[] =>
  faults.map(fault => [fault.what, fault.code, fault] as const)

describe.concurrent('a fault of our own that can be seen to be mended', () => {
  it.each(titled(ENDED_BY_A_PROBE))(
    'halts the whole fleet when %s (%s), burns no job, and ends by itself',
    async (_, __, fault) => {
      // A low ceiling, since four fleets run side by side.
      const fleet = await FaultyFleet.start(50)
      try {
        await fleet.enqueue(200)
        await fleet.untilFurtherCalls(30)
        await haltBy(fault, fleet)
        // Two workers that stand aside halt the fleet once, and it stays halted until the repair.
        expect(fleet.logged('fleet halted')).toBe(1)
        expect(fleet.logged('the fleet goes on')).toBe(0)
        // The first probe after the repair is enough; another one may have been under way.
        expect(await mendAndGoOn(fault, fleet, BACK_WITHIN_MS)).toBeLessThanOrEqual(2)
        await fleet.untilFurtherCalls(30)
        expect(fleet.logged('fleet halted')).toBe(1)
      } finally {
        await fleet.stop()
      }
    },
  )
})

describe('a fleet', () => {
  const PER_ROW = 250
  let fleet: FaultyFleet

  beforeAll(async () => {
    fleet = await FaultyFleet.start(200)
  })
  afterEach(() => fleet.mendAll())
  afterAll(() => fleet.stop())

  it.each(titled(ENDED_BY_COMMAND))(
    'is halted when %s (%s), burns no job, and goes on by command',
    async (_, __, fault) => {
      await fleet.enqueue(PER_ROW)
      await fleet.untilFurtherCalls(50)
      await haltBy(fault, fleet)
      expect(await mendAndGoOn(fault, fleet, BACK_WITHIN_MS)).toBe(0)
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

  it('is halted when the vendor calls all bodies unparsable: a person must look', async () => {
    await fleet.enqueue(PER_ROW)
    await fleet.untilFurtherCalls(50)
    fleet.failForAll({ code: 60003 })
    await fleet.untilHalted()
    await fleet.untilQuiet()
    const { halted, queue } = await fleet.fleet.readStatus()
    expect(halted).toMatchObject({ code: '60003', reason: expect.stringContaining('for 3 accounts in a row') })
    expect(queue.failed).toBeLessThanOrEqual(BEFORE_A_ROW)
  })
})
