/** Promise 3 of the design: a worker that is killed or stopped loses nothing, and its jobs in hand do not wait long. */
import { afterEach, expect, it } from 'vitest'
import { eventually } from '../../helpers/eventually.ts'
import { startVendorAndWorkers, type VendorAndWorkers } from '../../helpers/fleets/vendor-and-workers.ts'

/** The lock of a job lasts 30 s, and every 15 s a worker looks for jobs without a lock. */
const RUNS_AGAIN_WITHIN_MS = 45_000
/** Allowance for the call and its answer. */
const MACHINE_MS = 1000

let fleet: VendorAndWorkers
afterEach(() => fleet.stop())

const answersFor = (account: string): number => fleet.answers.filter(answer => answer.accounts.includes(account)).length

it('runs a job again within 45 s of kill -9, without an attempt spent', async ({ annotate }) => {
  fleet = await startVendorAndWorkers({
    simulator: {
      users: { importAll: true },
      faults: [{ answer: 'hang', command: 'friend_delete_all', accounts: { list: ['person_1'] }, times: 1 }],
    },
    settings: { VERIFY: 'off' },
  })
  const [victim] = fleet.workers
  await fleet.enqueue(['person_1'])
  const hasArrived = (): boolean => (fleet.simulator.figures().byCommand.friend_delete_all?.calls ?? 0) === 1
  await eventually('the call to arrive', async () => hasArrived())
  const killedAt = performance.now()
  victim?.signal('SIGKILL')
  await fleet.addWorker()
  await eventually('the job to run again', async () => answersFor('person_1') === 1, 60_000)
  const afterMs = performance.now() - killedAt
  await fleet.untilSettled(1)
  await annotate(`after ${(afterMs / 1000).toFixed(1)} s`)
  expect(afterMs).toBeLessThanOrEqual(RUNS_AGAIN_WITHIN_MS + MACHINE_MS)
  expect(await fleet.settledLines(1)).toMatchObject([{ outcome: 'cleared', attempts: 1 }])
})

it('drains at SIGTERM within DRAIN_SECONDS, and spends or doubles no job', { timeout: 90_000 }, async ({
  annotate,
}) => {
  const jobs = 600
  const drainSeconds = 5
  fleet = await startVendorAndWorkers({
    simulator: { users: { importAll: true }, latency: { p50Ms: 800, p99Ms: 1200 } },
    settings: { VERIFY: 'off', DRAIN_SECONDS: String(drainSeconds) },
  })
  const accounts = Array.from({ length: jobs }, (_, n) => `person_${n}`)
  await fleet.enqueue(accounts)
  await eventually('it to be under way', async () => fleet.answers.length > 50)
  const toldAt = performance.now()
  const code = await fleet.workers[0]?.stop()
  const afterMs = performance.now() - toldAt
  await annotate(`${(afterMs / 1000).toFixed(1)} s, ${fleet.answers.length} of ${jobs} done`)
  expect(code).toBe(0)
  expect(afterMs).toBeLessThanOrEqual((drainSeconds + 1) * 1000)

  const { queue, outcomes } = await fleet.readStatus()
  expect(queue).toEqual({ waiting: jobs - outcomes.cleared, active: 0, delayed: 0, failed: 0 })
  const left = [...(await fleet.queue.getWaiting()), ...(await fleet.queue.getPrioritized())]
  expect(left.filter(job => job.attemptsMade > 0)).toHaveLength(0)
  await fleet.addWorker()
  await fleet.untilSettled(jobs)
  expect(accounts.filter(account => answersFor(account) !== 1)).toEqual([])
})
