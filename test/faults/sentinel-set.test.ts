import { expect, it, onTestFinished } from 'vitest'
import { eventually } from '../helpers/eventually.ts'
import { startSentinelSet } from '../helpers/processes/sentinel-set.ts'

it('names the replica as the new primary after the primary was killed', async () => {
  const set = await startSentinelSet({ downAfterMs: 500 })
  onTestFinished(() => set.stop())
  expect(await set.primaryPort()).toBe(set.primary.port)
  await set.primary.kill()
  await eventually('a new primary', async () => (await set.primaryPort()) !== set.primary.port, 60_000)
  expect(await set.primaryPort()).toBe(set.replicas[0]?.port)
})
