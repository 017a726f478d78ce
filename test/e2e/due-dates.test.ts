/** Promise 7 of the design: due dates decide. */
import { expect, it } from 'vitest'
import { eventually } from '../helpers/eventually.ts'
import { fleetForTest } from '../helpers/fleets/vendor-and-workers.ts'

const WAVE = 2000
/** Before the queue has the job, a fleet at 200 calls a second goes on for some tenths of a second. */
const CALLS_MEANWHILE = 40
const HOUR = 3600

it('a wave due in 30 days delays an account due in 2 hours by some tenths of a second', async ({ annotate }) => {
  const fleet = await fleetForTest({
    simulator: { users: { importAll: true } },
    settings: { VERIFY: 'off' },
  })
  const now = Math.floor(Date.now() / 1000)
  const wave = Array.from({ length: WAVE }, (_, n) => `person_${n}`)
  await fleet.producer.enqueueMany(wave, { due: now + 30 * 24 * HOUR })
  await eventually('the wave to be under way', async () => fleet.answers.length > 80)

  await fleet.producer.enqueue('person_urgent', { due: now + 2 * HOUR })
  const before = fleet.answers.length
  const isCleared = (): boolean => fleet.answers.some(({ accounts }) => accounts.includes('person_urgent'))
  await eventually('the account to be cleared', async () => isCleared())

  const between = fleet.answers.slice(before).findIndex(({ accounts }) => accounts.includes('person_urgent'))
  await annotate(`${between} calls in between`)
  expect(between).toBeLessThanOrEqual(CALLS_MEANWHILE)
  expect((await fleet.readStatus()).queue.waiting).toBeGreaterThan(WAVE / 2)
})
