/** A worker process: its jobs, its figures and its log. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FaultAnswer, FaultRule, LedgerLine } from '../../simulator/index.ts'
import { eventually } from '../helpers/eventually.ts'
import { startVendorAndWorkers, type VendorAndWorkers } from '../helpers/fleets/vendor-and-workers.ts'
import { seriesValue } from '../helpers/metric-text.ts'
import { mostPermitsWithin } from '../helpers/redis/permit-slots.ts'

const MISSING_SHARE = 0.05
const USERS = 120
const MAX_ATTEMPTS = 4

let fleet: VendorAndWorkers
beforeAll(async () => {
  fleet = await startVendorAndWorkers({
    simulator: { users: { count: USERS, privateFriends: 2, missingShare: MISSING_SHARE }, latency: 20 },
    settings: { LOG_LEVEL: 'trace', MAX_ATTEMPTS: String(MAX_ATTEMPTS) },
  })
})
afterAll(() => fleet.stop())

/** Makes accounts known to the vendor, and friends of each other in pairs. */
function importUsers(...accounts: readonly string[]): void {
  fleet.simulator.importUsers(
    accounts.map((account, index) => ({ account, friends: [accounts[index ^ 1] ?? `friend_of_${account}`] })),
  )
}

/** Enqueues accounts and waits until all their jobs have ended. */
async function clear(...accounts: readonly string[]): Promise<void> {
  const before = await settledSoFar()
  await fleet.enqueue(accounts)
  await fleet.untilSettled(before + accounts.length)
}

const settledSoFar = async (): Promise<number> =>
  Object.values((await fleet.readStatus()).outcomes).reduce((sum, jobs) => sum + jobs, 0)

const always = (account: string, answer: FaultAnswer): FaultRule => ({
  accounts: { list: [account] },
  answer,
  times: 'always',
})
const once = (share: number, answer: FaultAnswer): FaultRule => ({ accounts: { share }, answer, times: 1 })

describe('a worker process', () => {
  it('clears every account exactly once, whatever fails once on the way', async () => {
    const codes = [30006, 30007, 30008].map(code => once(0.1, { code }))
    fleet.simulator.setFaults([...codes, once(0.05, { http: 502 })])
    await clear(...Array.from({ length: USERS }, (_, index) => `user_${index + 1}`))

    const lines: readonly LedgerLine[] = [...fleet.simulator.ledger()]
    const imported = lines.filter(line => line.imported)
    expect(lines).toHaveLength(USERS)
    expect(imported.length).toBeLessThan(USERS)
    expect(imported.filter(line => line.okAnswers !== 1)).toEqual([])
    expect(imported.filter(line => line.friendsLeft !== 0)).toEqual([])
    const { outcomes, queue } = await fleet.readStatus()
    expect(outcomes).toMatchObject({ cleared: imported.length, not_imported: USERS - imported.length })
    expect(queue).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0 })
    expect(fleet.simulator.figures()).toMatchObject({ badSignatures: 0, badRequests: 0, repeatedRandoms: 0 })
  })

  it('makes each call with a permit of its own, and no tenth of a second holds more than 23 of them', async () => {
    const { calls } = fleet.simulator.figures().byCommand.friend_delete_all
    const used = 'clear_friends_permits_total{command="friend_delete_all",result="used"}'
    await eventually('all calls to be told', async () => seriesValue(await readMetrics(), used) === calls)
    const most = await mostPermitsWithin(100_000, fleet.redis, fleet.prefix, 'friend_delete_all')
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(23)
  })

  it('reuses its connections', () => {
    const { connections, requests } = fleet.simulator.figures()
    expect(requests).toBeGreaterThan(2 * USERS)
    // At most one connection for each job in hand.
    expect(connections).toBeLessThanOrEqual(USERS)
  })

  it('deletes both ways by default and one way where the job says so', async () => {
    importUsers('person_a', 'person_b', 'person_c', 'person_d')
    const before = await settledSoFar()
    await fleet.enqueue(['person_a', { account: 'person_c', deleteType: 'single' }])
    await fleet.untilSettled(before + 2)
    const left = ['a', 'b', 'c', 'd'].map(name => fleet.simulator.friendsOf(`person_${name}`))
    expect(left).toEqual([[], [], [], ['person_c']])
  })

  it('makes a dead letter with code and reason, without stack and user id, of what will never work', async () => {
    importUsers('person_1', 'person_2', 'person_3')
    fleet.simulator.setFaults([always('person_2', { code: 30001 })])
    await clear('person_1', 'person_2', 'person_3')
    const [failed] = await fleet.queue.getFailed()
    expect(failed?.failedReason).toBe('30001 the vendor calls a parameter illegal')
    expect(failed?.stacktrace).toEqual([])
    expect((await fleet.readStatus()).outcomes).toMatchObject({ dead_lettered: 1 })
  })

  it('gives up after MAX_ATTEMPTS and says so', async () => {
    importUsers('person_4')
    fleet.simulator.setFaults([always('person_4', { code: 30008 })])
    await fleet.enqueue(['person_4'])
    await eventually('it to give up', async () => {
      await fleet.hurry()
      const reasons = (await fleet.queue.getFailed()).map(job => job.failedReason)
      return reasons.some(reason => /^30008 .*; given up after 4 attempts$/.test(reason))
    })
    expect(fleet.simulator.ledgerOf('person_4').answers).toEqual({ friend_delete_all: { 30008: MAX_ATTEMPTS } })
  })

  it('goes on when the queue holds a job that somebody wrote by hand', async () => {
    importUsers('person_5')
    const before = await settledSoFar()
    await fleet.queue.add('clear', { v: 0, account: 'user_of_tomorrow', due: 1 })
    await fleet.queue.add('clear', 'user_secret')
    await fleet.enqueue(['person_5'])
    await fleet.untilSettled(before + 3)
    const reasons = (await fleet.queue.getFailed()).map(job => job.failedReason)
    expect(reasons).toEqual(
      expect.arrayContaining([
        'invalid_job the job data is not valid: the data is not an object',
        'invalid_job the job data is not valid: the version is not 1',
      ]),
    )
    expect(fleet.simulator.ledgerOf('person_5').okAnswers).toBe(1)
  })

  it('hands back a job of a later version unspent, and says so', async () => {
    const data = { v: 2, account: 'user_of_tomorrow', due: 1, news: true }
    const { id = '' } = await fleet.queue.add('clear', data)
    await eventually('it to be handed back', async () => (await fleet.queue.getDelayed()).some(job => job.id === id))
    const job = await fleet.queue.getJob(id)
    expect(job).toMatchObject({ data, attemptsMade: 0 })
    await fleet.workers[0]?.untilLogged('upgrade this worker')
    await job?.remove()
  })

  it('answers health checks and shows its figures', async () => {
    const url = fleet.workers[0]?.url
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    const { byCode } = fleet.simulator.figures().byCommand.friend_delete_all
    const { cleared } = (await fleet.readStatus()).outcomes
    const expected = [
      `clear_friends_api_requests_total{command="friend_delete_all",code="0"} ${byCode['0']}`,
      `clear_friends_api_requests_total{command="friend_delete_all",code="30006"} ${byCode['30006']}`,
      `clear_friends_jobs_settled_total{outcome="cleared"} ${cleared}`,
      'clear_friends_queue_jobs{state="waiting"} 0',
      'clear_friends_rate_allowed_per_second{command="friend_delete_all"} 200',
    ]
    // The worker counts a call and a settle a moment after the simulator and Redis know of them.
    await eventually('its figures', async () => {
      const lines = (await readMetrics()).split('\n')
      return expected.every(line => lines.includes(line))
    })
    expect(await readMetrics()).not.toMatch(/(user|person)_/)
  })

  it('tells the peak of its calls', async () => {
    importUsers('person_6')
    await clear('person_6')
    const peak = 'clear_friends_peak_calls_per_second{command="friend_delete_all"}'
    await eventually('the peak of the calls', async () => (seriesValue(await readMetrics(), peak) ?? 0) > 0)
  })

  it('writes no user id to its log, even at trace', async () => {
    importUsers('person_7')
    fleet.simulator.setFaults([{ accounts: { list: ['person_7'] }, answer: 'reset-after-read', times: 1 }])
    await clear('person_7')
    const [worker] = fleet.workers
    await worker?.stop()
    const text = [...(worker?.logLines ?? []), worker?.errorText()].join('\n')
    expect(text).toContain('"settled"')
    expect(text).not.toMatch(/(user|person)_/)
  })
})

const readMetrics = async (): Promise<string> => (await fetch(`${fleet.workers[0]?.url}/metrics`)).text()
