/**
 * Promise 5 of the design, where several things go wrong at once: a fleet goes on with its last healthy worker, and halts
 * only when no worker is left that the vendor accepts.
 */
import { expect, it } from 'vitest'
import { eventually } from '../helpers/eventually.ts'
import { fleetForTest, type VendorAndWorkers } from '../helpers/fleets/vendor-and-workers.ts'

const ACCOUNTS = 600
const accounts = Array.from({ length: ACCOUNTS }, (_, index) => `user_${index + 1}`)
const OLD_KEY = { IM_SECRET_KEY: 'an-old-key-that-is-not-valid-any-more' }
const NO_ROUTE = { IM_BASE_URL: 'http://127.0.0.1:1' }
const VENDOR = { users: { importAll: true }, latency: 40, authFailuresPerMinute: 0 } as const

const asideIn = async (fleet: VendorAndWorkers): Promise<string[]> =>
  (await fleet.readStatus()).aside.map(({ code }) => code).toSorted()
const logged = ({ workers }: VendorAndWorkers, text: string): number =>
  workers.flatMap(worker => worker.logLines).filter(line => line.includes(text)).length
const lostAttempts = async (fleet: VendorAndWorkers): Promise<number> =>
  (await fleet.settledLines(ACCOUNTS)).filter(line => line.attempts > 1).length

it('clears everything with the one worker of four that is well, and burns no attempt', async () => {
  const fleet = await fleetForTest({ simulator: VENDOR })
  for (const sick of [OLD_KEY, NO_ROUTE, OLD_KEY]) await fleet.addWorker(sick)
  await fleet.enqueue(accounts)
  await eventually('three workers to stand aside', async () => (await asideIn(fleet)).length === 3)
  await fleet.untilSettled(ACCOUNTS)
  expect((await fleet.readStatus()).outcomes.cleared).toBe(ACCOUNTS)
  expect({ lost: await lostAttempts(fleet), halts: logged(fleet, 'fleet halted') }).toEqual({ lost: 0, halts: 0 })
})

it('halts when the last healthy worker is stopped, and goes on with a new one by itself', async () => {
  const fleet = await fleetForTest({ simulator: { ...VENDOR, latency: 60 } })
  await fleet.addWorker(OLD_KEY)
  await fleet.enqueue(accounts)
  await eventually('the sick worker to stand aside', async () => (await asideIn(fleet)).includes('70009'))
  await fleet.workers[0]?.stop()
  await eventually('the halt', async () => (await fleet.readStatus()).halted?.code === '70009', 60_000)
  await fleet.addWorker()
  await fleet.untilSettled(ACCOUNTS, 90_000)
  expect((await fleet.readStatus()).outcomes.cleared).toBe(ACCOUNTS)
  expect(logged(fleet, 'fleet halted')).toBe(1)
})
