/** Promise 9 of the design with real workers: a second wish for an account is never weaker than the first. */
import { describe, expect, it } from 'vitest'
import { createRequestReader } from '../../jobs/status/request-status.ts'
import { eventually } from '../helpers/eventually.ts'
import { fleetForTest } from '../helpers/fleets/vendor-and-workers.ts'

const PAIR = [
  { account: 'person_a', friends: ['person_b'] },
  { account: 'person_b', friends: ['person_a'] },
]

describe('a second wish', () => {
  it('two-way, while a worker clears the account one-way, is carried out before the job ends', async () => {
    const fleet = await fleetForTest({
      workers: 2,
      simulator: {
        users: { listed: PAIR },
        faults: [{ command: 'friend_delete_all', answer: { delayMs: 2000 }, times: 1 }],
      },
      settings: { VERIFY: 'off' },
    })
    const { simulator, producer } = fleet
    const first = await producer.enqueue('person_a', { deleteType: 'single', request: 'ticket-1' })
    await eventually('the one-way delete', async () => simulator.ledgerOf('person_a').deletesApplied === 1)
    // They become friends again, so that the second delete can be told from the first.
    simulator.importUsers(PAIR)
    const second = await producer.enqueue('person_a', { request: 'ticket-2' })
    expect(second).toEqual({ result: 'duplicate', jobId: first.jobId, strengthened: true })
    await fleet.untilSettled(1)

    expect(simulator.ledgerOf('person_a')).toMatchObject({ deletesApplied: 2, friendsLeft: 0 })
    expect(simulator.friendsOf('person_b')).toEqual([])
    const read = createRequestReader(fleet.redis, fleet.prefix, { ceilingPerSecond: 200, margin: 0 })
    for (const request of ['ticket-1', 'ticket-2']) {
      expect(await read(request)).toMatchObject({ accepted: 1, cleared: 1, pending: 0 })
    }
    expect(await fleet.settledLines(1)).toMatchObject([
      { jobId: first.jobId, outcome: 'cleared', attempts: 1, calls: 1 },
    ])
    expect((await fleet.readStatus()).outcomes).toMatchObject({ cleared: 1 })
  })

  it('of another request, while a worker has the account in hand, costs no second call', async () => {
    const fleet = await fleetForTest({
      simulator: {
        users: { listed: PAIR },
        faults: [{ command: 'friend_delete_all', answer: { delayMs: 1000 }, times: 1 }],
      },
    })
    const { simulator, producer } = fleet
    await producer.enqueue('person_a', { request: 'ticket-1' })
    await eventually('the delete', async () => simulator.ledgerOf('person_a').deletesApplied === 1)
    await producer.enqueue('person_a', { request: 'ticket-2' })
    await fleet.untilSettled(1)
    const read = createRequestReader(fleet.redis, fleet.prefix, { ceilingPerSecond: 200, margin: 0 })
    expect(await read('ticket-2')).toMatchObject({ accepted: 1, cleared: 1, verified: 1, pending: 0 })
    expect(simulator.ledgerOf('person_a').deletesApplied).toBe(1)
  })
})
