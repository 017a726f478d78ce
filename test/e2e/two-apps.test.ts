/** Promise 8 of the design: a fleet belongs to one app, whatever happens to its contract in Redis. */
import { expect, it } from 'vitest'
import { readContract, rebindFleet } from '../../jobs/status/fleet-contract.ts'
import { keysOf } from '../../redis/keys.ts'
import { eventually } from '../helpers/eventually.ts'
import { fleetForTest, type VendorAndWorkers } from '../helpers/fleets/vendor-and-workers.ts'

const ACCOUNTS = 200
const accounts = Array.from({ length: ACCOUNTS }, (_, index) => `user_${index + 1}`)
const OTHER_APP = 1_400_000_099

const contractOfFleet = async ({ redis, prefix }: VendorAndWorkers) => {
  const { app = 0, host = '', key = '', version = 0 } = await readContract(redis, prefix)
  return { app, host, key, version }
}

it('a worker whose fleet was bound to another app sends no more calls, and ends with 78', async () => {
  const fleet = await fleetForTest({ simulator: { users: { importAll: true }, latency: 40 } })
  const contract = await contractOfFleet(fleet)
  await fleet.enqueue(accounts)
  await eventually('some calls', async () => fleet.answers.length >= 20)
  await rebindFleet(fleet.redis, fleet.prefix, { ...contract, app: OTHER_APP })
  expect(await fleet.workers[0]?.ended).toBe(78)
  await fleet.workers[0]?.untilLogged(`the app is ${OTHER_APP}`)
  const { queue, outcomes } = await fleet.readStatus()
  // What was under way at that moment has ended; all others wait as they were.
  expect(queue.waiting + outcomes.cleared).toBe(ACCOUNTS)
  expect(queue.waiting).toBeGreaterThan(0)
})

it('a worker binds its fleet again after Redis has lost the contract, and clears all accounts', async () => {
  const fleet = await fleetForTest({ simulator: { users: { importAll: true }, latency: 40 } })
  const contract = await contractOfFleet(fleet)
  await fleet.enqueue(accounts)
  await eventually('some calls', async () => fleet.answers.length >= 20)
  await fleet.redis.del(keysOf(fleet.prefix).fleet)
  await fleet.untilSettled(ACCOUNTS)
  expect((await fleet.readStatus()).outcomes.cleared).toBe(ACCOUNTS)
  expect(await contractOfFleet(fleet)).toEqual(contract)
})

it('jobs that name another app are dead letters and meet no call', async () => {
  const fleet = await fleetForTest({ simulator: { users: { importAll: true } } })
  await fleet.queue.add('c', { v: 1, account: 'user_1', app: OTHER_APP, due: 2_000_000_000 })
  await fleet.untilSettled(1)
  expect(await fleet.settledLines(1)).toMatchObject([{ outcome: 'dead_lettered', reason: 'wrong_app', calls: 0 }])
  expect(fleet.answers).toEqual([])
})
