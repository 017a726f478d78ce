/** A wave of accounts that are friends of each other: their clears conflict at the vendor, which may cost few calls. */
import { expect, it } from 'vitest'
import { fleetForTest } from '../../helpers/fleets/vendor-and-workers.ts'

const ACCOUNTS = 1000
const GROUP = 10
const EXTRA_CALLS_AT_MOST = 0.15

it('clears a thousand accounts that are friends in groups of ten, for less than 15 % more calls', async ({
  annotate,
}) => {
  const fleet = await fleetForTest({
    simulator: { users: { count: ACCOUNTS, groupsOf: GROUP }, latency: { p50Ms: 40, p99Ms: 60 } },
  })
  const accounts = Array.from({ length: ACCOUNTS }, (_, index) => `user_${index + 1}`)
  await fleet.enqueue(accounts)
  await fleet.untilSettled(ACCOUNTS)
  expect((await fleet.readStatus()).outcomes).toMatchObject({ cleared: ACCOUNTS })
  expect(accounts.filter(account => fleet.simulator.friendsOf(account).length > 0)).toEqual([])
  const { calls, byCode } = fleet.simulator.figures().byCommand.friend_delete_all
  await annotate(`${calls} deletes for ${ACCOUNTS} accounts, ${byCode['30008'] ?? 0} conflicts`)
  expect(calls).toBeLessThan(ACCOUNTS * (1 + EXTRA_CALLS_AT_MOST))
})
