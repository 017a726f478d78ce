/** Two real workers whose key comes from a file, at a simulator that a test breaks and mends, for faults of our own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { DEFAULT_APP, type FaultAnswer, type Simulator } from '../../../simulator/index.ts'
import { eventually } from '../eventually.ts'
import { startVendorAndWorkers, type VendorAndWorkers } from './vendor-and-workers.ts'

const LOOPBACK = ['127.0.0.1', '::1', '::ffff:127.0.0.1']
const LONG_MS = 60_000

/**
 * Most jobs that go back with a counted attempt before three accounts in a row have met a fault. Each of two workers
 * lets two accounts pass before the third completes the row. An OK that was under way and comes in between begins the
 * row anew, which doubles the number.
 */
export const BEFORE_A_ROW = 8

/**
 * Most calls that meet a fault before the fleet halts. At 30 to 60 ms a call, about ten of 200 a second are under way.
 * Half a second of calls allows for a busy machine that delivers the news of the halt late.
 */
const UNDER_WAY = 100

/** After the repair, or after `resume`, a fleet calls again within this: 6 s as measured, and time for a busy machine. */
export const BACK_WITHIN_MS = 20_000

/** A fault that an operator may cause, and how to mend it. */
export interface Fault {
  readonly code: string
  /** Pattern of the reason that the operator reads. */
  readonly told: RegExp
  readonly breakIt: (fleet: FaultyFleet) => unknown
  readonly mendIt: (fleet: FaultyFleet) => unknown
}

/** A fleet with the questions and actions of a test of halts. */
export class FaultyFleet {
  readonly fleet: VendorAndWorkers
  readonly #folder: string
  #enqueued = 0

  private constructor(fleet: VendorAndWorkers, folder: string) {
    this.fleet = fleet
    this.#folder = folder
  }

  /** @param perSecond the fleet's ceiling; with fewer calls, fewer are under way when something breaks */
  static async start(perSecond: number): Promise<FaultyFleet> {
    const folder = await mkdtemp(join(tmpdir(), 'clear-friends-key-'))
    const keyFile = join(folder, 'key')
    await writeFile(keyFile, DEFAULT_APP.keys?.[0] ?? '')
    const fleet = await startVendorAndWorkers({
      simulator: {
        users: { importAll: true },
        latency: { p50Ms: 30, p99Ms: 60 },
        // Several faults follow within a minute; their refused signatures would add up to 70050.
        authFailuresPerMinute: 0,
      },
      workers: 2,
      settings: {
        IM_SECRET_KEY: '',
        IM_SECRET_KEY_FILE: keyFile,
        // The tests count clearing calls. Without verification every read is a probe.
        VERIFY: 'off',
        RATE_LIMIT_PER_SECOND: String(perSecond),
      },
    })
    return new FaultyFleet(fleet, folder)
  }

  get simulator(): Simulator {
    return this.fleet.simulator
  }

  /** Jobs enqueued so far. */
  get enqueued(): number {
    return this.#enqueued
  }

  async enqueue(jobs: number): Promise<void> {
    await this.fleet.enqueue(Array.from({ length: jobs }, () => `person_${++this.#enqueued}`))
  }

  calls(command: 'friend_delete_all' | 'friend_get'): number {
    return this.simulator.figures().byCommand[command].calls
  }

  async untilFurtherCalls(calls: number): Promise<void> {
    const wanted = this.calls('friend_delete_all') + calls
    await eventually(`${calls} further calls`, async () => this.calls('friend_delete_all') >= wanted, LONG_MS)
  }

  untilHalted(): Promise<void> {
    return eventually('the halt', async () => (await this.fleet.readStatus()).halted !== null, LONG_MS)
  }

  /** Waits until the workers have handed back the last job in hand. */
  untilQuiet(): Promise<void> {
    const isQuiet = async (): Promise<boolean> => (await this.fleet.readStatus()).queue.active === 0
    return eventually('the last job to be handed back', isQuiet, LONG_MS)
  }

  untilGoingOn(): Promise<void> {
    return eventually('the fleet to go on', async () => (await this.fleet.readStatus()).halted === null, LONG_MS)
  }

  /** Attempts used by jobs that have not ended. */
  async attemptsSpent(): Promise<number> {
    const jobs = await this.fleet.queue.getJobs(['prioritized', 'waiting', 'delayed', 'active'])
    return jobs.reduce((sum, job) => sum + job.attemptsMade, 0)
  }

  /** Number of log lines of all workers that hold this text. */
  logged(text: string): number {
    return this.fleet.workers.flatMap(worker => worker.logLines).filter(line => line.includes(text)).length
  }

  failForAll(answer: FaultAnswer): void {
    this.simulator.setFaults([{ answer, accounts: 'all', times: 'always' }])
  }

  /** Changes the vendor's key, the one in the file, or both. */
  async setKeys({ vendor, file }: { vendor?: string; file?: string }): Promise<void> {
    if (file !== undefined) await writeFile(join(this.#folder, 'key'), file)
    if (vendor !== undefined) this.simulator.setKey(vendor)
  }

  /** Mends everything that a test has broken except the key, so that a failed test does not fail those after it. */
  async mendAll(): Promise<void> {
    this.simulator.setFaults([])
    this.simulator.setClock({ skewMs: 0 })
    this.simulator.setApp({ admins: ['administrator'], allowedIps: LOOPBACK, standing: 'good' })
    if ((await this.fleet.readStatus()).halted !== null)
      await this.fleet.control.resume({ reason: 'the test goes on', atMs: Date.now() })
  }

  async stop(): Promise<void> {
    await this.fleet.stop()
    await rm(this.#folder, { recursive: true })
  }
}

/** Causes a fault under load, and shows that the fleet halts with every job as it was. */
export async function haltBy(fault: Fault, fleet: FaultyFleet): Promise<void> {
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
  // A worker repeats a call once with a new signature when the vendor calls the old one expired.
  expect(refused.length).toBeLessThanOrEqual(UNDER_WAY * (fault.code === '70001' ? 2 : 1))
  expect(queue.failed).toBe(0)
  expect(await fleet.attemptsSpent()).toBe(0)
}

/** Mends a fault and waits until the fleet calls again; gives the number of probes sent meanwhile. */
export async function mendAndGoOn(fault: Fault, fleet: FaultyFleet, withinMs: number = LONG_MS): Promise<number> {
  const [probesBefore, callsBefore] = [fleet.calls('friend_get'), fleet.calls('friend_delete_all')]
  await fault.mendIt(fleet)
  const hasCalled = async (): Promise<boolean> => fleet.calls('friend_delete_all') > callsBefore
  await eventually('the fleet to call again after the repair', hasCalled, withinMs)
  return fleet.calls('friend_get') - probesBefore
}
