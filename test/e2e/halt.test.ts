/** Faults of our own, driven through two real workers: one fleet for all rows, which each row leaves as it found it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { DEFAULT_APP, type FaultAnswer } from '../../simulator/index.ts'
import { eventually } from '../helpers/eventually.ts'
import { startVendorAndWorkers, type VendorAndWorkers } from '../helpers/vendor-and-workers.ts'

const PER_ROW = 300
const KEY = DEFAULT_APP.keys?.[0] ?? ''
const [KEY_B, KEY_C] = ['b'.repeat(64), 'c'.repeat(64)]
const LOOPBACK = ['127.0.0.1', '::1', '::ffff:127.0.0.1']
const LONG_MS = 60_000
/** 200 calls a second at 30 to 60 ms: about ten are under way. A busy machine may hold up the news a little. */
const UNDER_WAY = 30
/**
 * Two workers, and each lets two accounts pass before the third is a row. An OK that was under way and comes in between
 * begins the row anew, so that it may be twice as many.
 */
const BEFORE_A_ROW = 8

let folder: string
let keyFile: string
let fleet: VendorAndWorkers
let enqueued = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clear-friends-key-'))
  keyFile = join(folder, 'key')
  await writeFile(keyFile, KEY)
  fleet = await startVendorAndWorkers({
    simulator: {
      users: { importAll: true },
      latency: { p50Ms: 30, p99Ms: 60 },
      // The rows follow each other within a minute, and would add up to the fault of one of them.
      gateway: { authFailuresPerMinute: 0 },
    },
    workers: 2,
    // The calls that clear are what is counted; then every read is a probe.
    settings: { IM_SECRET_KEY: '', IM_SECRET_KEY_FILE: keyFile, VERIFY: 'off' },
  })
})

afterEach(() => mendAll())

afterAll(async () => {
  await fleet.stop()
  await rm(folder, { recursive: true })
})

const enqueue = async (jobs: number, name = 'person'): Promise<void> => {
  await fleet.enqueue(Array.from({ length: jobs }, () => `${name}_${++enqueued}`))
}
const callsOf = (command: 'friend_delete_all' | 'friend_get'): number =>
  fleet.simulator.figures().byCommand[command].calls
const untilFurtherCalls = async (calls: number): Promise<void> => {
  const wanted = callsOf('friend_delete_all') + calls
  await eventually(`${calls} further calls`, async () => callsOf('friend_delete_all') >= wanted, LONG_MS)
}
const untilHalted = (): Promise<void> =>
  eventually('the halt', async () => (await fleet.readStatus()).halted !== null, LONG_MS)
const untilQuiet = (): Promise<void> =>
  eventually('the last job to be handed back', async () => (await fleet.readStatus()).queue.active === 0, LONG_MS)
const untilGoingOn = (): Promise<void> =>
  eventually('the fleet to go on', async () => (await fleet.readStatus()).halted === null, LONG_MS)
const failForAll = (answer: FaultAnswer) => (): void =>
  fleet.simulator.setFaults([{ answer, accounts: 'all', times: 'always' }])
const mendFaults = (): void => fleet.simulator.setFaults([])
/** Whatever a row has broken: a row that fails must not fail those behind it. */
async function mendAll(): Promise<void> {
  mendFaults()
  fleet.simulator.setClock({ skewMs: 0 })
  fleet.simulator.setApp({ admins: ['administrator'], allowedIps: LOOPBACK, standing: 'good' })
  if ((await fleet.readStatus()).halted !== null) await fleet.control.resume()
}

async function attemptsSpent(): Promise<number> {
  const jobs = await fleet.queue.getJobs(['prioritized', 'waiting', 'delayed', 'active'])
  return jobs.reduce((sum, job) => sum + job.attemptsMade, 0)
}

interface Fault {
  readonly what: string
  readonly code: string
  /** What the operator is told. */
  readonly told: RegExp
  readonly breakIt: () => unknown
  readonly mendIt: () => unknown
  /** How it ends: by a probe after the shortest pause, or by command where that is minutes. */
  readonly endedBy: 'probe' | 'resume'
}

const FAULTS: readonly Fault[] = [
  {
    what: 'the key is another one',
    code: '70009',
    told: /IM_SECRET_KEY/,
    breakIt: () => fleet.simulator.setKey(KEY_C),
    mendIt: () => writeFile(keyFile, KEY_C),
    endedBy: 'probe',
  },
  {
    what: 'the admin right is taken away',
    code: '60010',
    told: /IM_ADMIN/,
    breakIt: () => fleet.simulator.setApp({ admins: ['somebody'] }),
    mendIt: () => fleet.simulator.setApp({ admins: ['administrator'] }),
    endedBy: 'probe',
  },
  {
    what: 'the domain is of another region',
    code: '60026',
    told: /IM_BASE_URL/,
    breakIt: failForAll({ code: 60026 }),
    mendIt: mendFaults,
    endedBy: 'probe',
  },
  {
    what: 'the address is not allowed',
    code: '60021',
    told: /allowlist/,
    breakIt: () => fleet.simulator.setApp({ allowedIps: ['10.0.0.1'] }),
    mendIt: () => fleet.simulator.setApp({ allowedIps: LOOPBACK }),
    endedBy: 'probe',
  },
  {
    what: 'the clock of this host is days off, and signing anew does not help',
    code: '70001',
    told: /clock/,
    breakIt: () => fleet.simulator.setClock({ skewMs: 3 * 86_400_000 }),
    mendIt: () => fleet.simulator.setClock({ skewMs: 0 }),
    endedBy: 'probe',
  },
  {
    what: 'the plan has ended',
    code: '60020',
    told: /plan/,
    breakIt: () => fleet.simulator.setApp({ standing: 'plan_expired' }),
    mendIt: () => fleet.simulator.setApp({ standing: 'good' }),
    endedBy: 'resume',
  },
  {
    what: 'the app is disabled',
    code: '60016',
    told: /support/,
    breakIt: () => fleet.simulator.setApp({ standing: 'disabled' }),
    mendIt: () => fleet.simulator.setApp({ standing: 'good' }),
    endedBy: 'resume',
  },
  {
    what: 'there were too many wrong signatures',
    code: '70050',
    told: /IM_SECRET_KEY/,
    breakIt: failForAll({ code: 70050 }),
    mendIt: mendFaults,
    endedBy: 'resume',
  },
  {
    what: 'something on the way redirects',
    code: 'http_302',
    told: /redirect/,
    breakIt: failForAll({ http: 302 }),
    mendIt: mendFaults,
    endedBy: 'resume',
  },
]

describe('a key that is rotated', () => {
  it('halts nobody when the new one is in the file before the vendor wants it', async () => {
    await enqueue(PER_ROW)
    await untilFurtherCalls(50)
    await writeFile(keyFile, KEY_B)
    fleet.simulator.setKey(KEY_B)
    await untilFurtherCalls(100)
    expect((await fleet.readStatus()).halted).toBeNull()
    expect(fleet.simulator.figures().byCode['70009']).toBeGreaterThan(0)
  })
})

describe('a fault of our own', () => {
  it.each(FAULTS.map(fault => [fault.what, fault.code, fault] as const))(
    'halts the whole fleet when %s (%s), burns no job, and ends when it is mended',
    async (_, code, fault) => {
      await enqueue(PER_ROW)
      await untilFurtherCalls(50)
      const from = fleet.answers.length
      await fault.breakIt()
      await untilHalted()
      await untilQuiet()
      expect((await fleet.readStatus()).halted).toMatchObject({ code, reason: expect.stringMatching(fault.told) })
      const refused = fleet.answers
        .slice(from)
        .filter(each => each.answer === code && each.command === 'friend_delete_all')
      expect(refused.length).toBeGreaterThan(0)
      // An old signature is tried once more, with a new one.
      expect(refused.length).toBeLessThanOrEqual(UNDER_WAY * (code === '70001' ? 2 : 1))
      expect((await fleet.readStatus()).queue.failed).toBe(0)
      expect(await attemptsSpent()).toBe(0)

      const probesBefore = callsOf('friend_get')
      await fault.mendIt()
      if (fault.endedBy === 'resume') await fleet.control.resume()
      await untilGoingOn()
      // The first probe after the repair is enough, and one comes every 5 s; where it takes longer, none was sent.
      expect(callsOf('friend_get') - probesBefore).toBeLessThanOrEqual(fault.endedBy === 'probe' ? 2 : 0)
      await untilFurtherCalls(50)
    },
  )

  it('stays halted, and says so, while probes fail', async () => {
    await enqueue(PER_ROW)
    await untilFurtherCalls(50)
    fleet.simulator.setApp({ admins: ['somebody'] })
    await untilHalted()
    const halts = fleet.workers.flatMap(worker => worker.logLines).filter(line => line.includes('still halted')).length
    const isSaidAgain = async (): Promise<boolean> =>
      fleet.workers.flatMap(worker => worker.logLines).filter(line => line.includes('still halted')).length > halts
    await eventually('a probe that fails', isSaidAgain, LONG_MS)
    expect((await fleet.readStatus()).halted).toMatchObject({ code: '60010' })
    fleet.simulator.setApp({ admins: ['administrator'] })
    await untilGoingOn()
  })

  it('is what a proxy is that refuses everybody: three accounts are tried again, the others wait', async () => {
    await enqueue(PER_ROW)
    await untilFurtherCalls(50)
    failForAll({ http: 403 })()
    await untilHalted()
    await untilQuiet()
    expect((await fleet.readStatus()).halted).toMatchObject({ code: 'http_403' })
    expect(await attemptsSpent()).toBeLessThanOrEqual(BEFORE_A_ROW)
    mendFaults()
    await untilGoingOn()
  })

  it('is what a body is that cannot be parsed for anybody: a person must look', async () => {
    await enqueue(PER_ROW)
    await untilFurtherCalls(50)
    failForAll({ code: 60003 })()
    await untilHalted()
    await untilQuiet()
    const { halted, queue } = await fleet.readStatus()
    expect(halted).toMatchObject({ code: '60003', reason: expect.stringContaining('for 3 accounts in a row') })
    expect(queue.failed).toBeLessThanOrEqual(BEFORE_A_ROW)
    mendFaults()
    await fleet.control.resume()
    await untilGoingOn()
    for (const job of await fleet.queue.getFailed()) await job.remove()
  })

  it('leaves every job as it was: all end at their first attempt, in the end', async () => {
    await eventually(
      'the queue to be empty',
      async () => {
        for (const job of await fleet.queue.getDelayed()) await job.promote().catch(() => {})
        const { waiting, active, delayed, failed } = (await fleet.readStatus()).queue
        return waiting + active + delayed + failed === 0
      },
      LONG_MS,
    )
    await eventually('the log', async () => fleet.settledLines().length >= enqueued)
    const attempts = fleet
      .settledLines()
      .filter(line => line.outcome === 'cleared')
      .map(line => line.attempts)
    expect(attempts.length).toBeGreaterThanOrEqual(enqueued - BEFORE_A_ROW)
    // Those that the refusing proxy had twice, and nobody else.
    expect(attempts.filter(each => each > 1).length).toBeLessThanOrEqual(BEFORE_A_ROW)
  })
})
