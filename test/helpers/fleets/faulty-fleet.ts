/** Two real workers whose key comes from a file, at a simulator that a test breaks and mends: faults of our own. */
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
 * How many jobs may go back with a counted attempt before three accounts in a row have met a fault: two workers, and each
 * lets two accounts pass before the third is a row. An OK that was under way and comes in between begins the row anew, so
 * that it may be twice as many.
 */
export const BEFORE_A_ROW = 8

/**
 * At most so many calls meet a fault before the fleet halts. At 30 to 60 ms a call about ten of 200 a second are under way;
 * half a second of calls allows for news that a busy machine holds up.
 */
const UNDER_WAY = 100

/** What the operator broke, and how it is mended. */
export interface Fault {
  readonly code: string
  /** What the operator is told. */
  readonly told: RegExp
  readonly breakIt: (fleet: FaultyFleet) => unknown
  readonly mendIt: (fleet: FaultyFleet) => unknown
}

/** A fleet with what a test of a halt asks and does. */
export class FaultyFleet {
  readonly fleet: VendorAndWorkers
  readonly #folder: string
  #enqueued = 0

  private constructor(fleet: VendorAndWorkers, folder: string) {
    this.fleet = fleet
    this.#folder = folder
  }

  /** @param perSecond the fleet's ceiling: the fewer calls, the fewer are under way when something breaks */
  static async start(perSecond: number): Promise<FaultyFleet> {
    const folder = await mkdtemp(join(tmpdir(), 'clear-friends-key-'))
    const keyFile = join(folder, 'key')
    await writeFile(keyFile, DEFAULT_APP.keys?.[0] ?? '')
    const fleet = await startVendorAndWorkers({
      simulator: {
        users: { importAll: true },
        latency: { p50Ms: 30, p99Ms: 60 },
        // Faults follow each other within a minute, and would add up to the fault of one of them.
        authFailuresPerMinute: 0,
      },
      workers: 2,
      settings: {
        IM_SECRET_KEY: '',
        IM_SECRET_KEY_FILE: keyFile,
        // The calls that clear are what is counted; then every read is a probe.
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

  /** Waits until the last job in hand was handed back. */
  untilQuiet(): Promise<void> {
    const isQuiet = async (): Promise<boolean> => (await this.fleet.readStatus()).queue.active === 0
    return eventually('the last job to be handed back', isQuiet, LONG_MS)
  }

  untilGoingOn(): Promise<void> {
    return eventually('the fleet to go on', async () => (await this.fleet.readStatus()).halted === null, LONG_MS)
  }

  /** Attempts that jobs which have not ended have used. */
  async attemptsSpent(): Promise<number> {
    const jobs = await this.fleet.queue.getJobs(['prioritized', 'waiting', 'delayed', 'active'])
    return jobs.reduce((sum, job) => sum + job.attemptsMade, 0)
  }

  /** Log lines of all workers that say this. */
  logged(text: string): number {
    return this.fleet.workers.flatMap(worker => worker.logLines).filter(line => line.includes(text)).length
  }

  failForAll(answer: FaultAnswer): void {
    this.simulator.setFaults([{ answer, accounts: 'all', times: 'always' }])
  }

  /** The vendor's key and the one in the file; where only one is given, the other stays. */
  async setKeys({ vendor, file }: { vendor?: string; file?: string }): Promise<void> {
    if (file !== undefined) await writeFile(join(this.#folder, 'key'), file)
    if (vendor !== undefined) this.simulator.setKey(vendor)
  }

  /** Ends whatever a test has broken, apart from the key: a test that fails must not fail those behind it. */
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

/** Breaks something under load, and shows that the fleet stands still with every job as it was. */
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
  // An old signature is tried once more, with a new one.
  expect(refused.length).toBeLessThanOrEqual(UNDER_WAY * (fault.code === '70001' ? 2 : 1))
  expect(queue.failed).toBe(0)
  expect(await fleet.attemptsSpent()).toBe(0)
}

/** Mends a fault and waits until the fleet goes on; gives how many probes were sent meanwhile. */
export async function mendAndGoOn(fault: Fault, fleet: FaultyFleet): Promise<number> {
  const probesBefore = fleet.calls('friend_get')
  await fault.mendIt(fleet)
  await fleet.untilGoingOn()
  return fleet.calls('friend_get') - probesBefore
}
