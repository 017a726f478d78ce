/** Workers that end with the queue, and a wait for a request, as schedulers run them. */
import { expect, it } from 'vitest'
import { fleetForTest } from '../helpers/fleets/vendor-and-workers.ts'
import { type StartedCommand, startCommand } from '../helpers/processes/start-command.ts'

const accounts = (count: number): string[] => Array.from({ length: count }, (_, index) => `user_${index + 1}`)
const worker = (settings: Readonly<Record<string, string>>): StartedCommand =>
  startCommand(['worker', '--until-empty'], settings)

it('two workers wait for the retries of both and for the jobs in hand of the other, then both end with 0', async () => {
  const fleet = await fleetForTest({
    workers: 0,
    simulator: { users: { count: 60 }, faults: [{ accounts: { share: 0.3 }, answer: { code: 30008 }, times: 1 }] },
  })
  await fleet.enqueue(accounts(60))
  const ends = await Promise.all([worker(fleet.settings), worker(fleet.settings)].map(each => each.ended))
  expect(ends.map(({ code, stderr }) => ({ code, stderr }))).toEqual([0, 0].map(code => ({ code, stderr: '' })))
  const { queue, outcomes } = await fleet.readStatus()
  expect(queue).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0 })
  expect(outcomes.cleared).toBe(60)
})

it('a worker ends with 3 when dead letters are left, and with 75 when it was stopped before the end', async () => {
  const fleet = await fleetForTest({
    workers: 0,
    simulator: {
      users: { count: 4 },
      faults: [
        { accounts: { list: ['user_1'] }, answer: { code: 30001 }, times: 'always' },
        { accounts: { list: ['user_2'] }, answer: { code: 30008 }, times: 'always' },
      ],
    },
  })
  await fleet.enqueue(accounts(1))
  expect((await worker(fleet.settings).ended).code).toBe(3)
  await fleet.enqueue(['user_2'])
  const stopped = worker(fleet.settings)
  await stopped.stdout.untilText('"ready"')
  stopped.signal('SIGTERM')
  expect((await stopped.ended).code).toBe(75)
})
