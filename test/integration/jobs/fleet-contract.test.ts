import { beforeEach, expect, it } from 'vitest'
import { createProducer } from '../../../jobs/enqueue/producer.ts'
import { createReceiptSeals } from '../../../jobs/receipts/keys/receipt-seals.ts'
import { createCanceller } from '../../../jobs/settle/cancel.ts'
import {
  bindFleet,
  DATA_VERSION,
  type FleetContract,
  readContract,
  requireFleet,
  requireKey,
} from '../../../jobs/status/fleet-contract.ts'
import { createFleetMembers } from '../../../jobs/status/fleet-members.ts'
import { moveFleet } from '../../../jobs/status/move-fleet.ts'
import { keysOf } from '../../../redis/keys.ts'
import { testSeals } from '../../helpers/receipts/receipts.ts'
import { receiptKeyOf } from '../../helpers/receipts/settling.ts'
import { jobsKeySpace } from './key-space.ts'

const keySpace = jobsKeySpace()
beforeEach(() => keySpace().empty())

const CONTRACT: FleetContract = {
  app: 1_400_000_000,
  host: 'vendor.example',
  key: testSeals.keyId,
  version: DATA_VERSION,
}
const bind = (contract: FleetContract): Promise<void> => bindFleet(keySpace().redis, keySpace().prefix, contract)
const read = () => readContract(keySpace().redis, keySpace().prefix)

it('a fleet is bound by its first worker, and the same worker may bind it again', async () => {
  expect(await read()).toEqual({ app: undefined, host: undefined, key: undefined, version: undefined })
  await bind(CONTRACT)
  await bind(CONTRACT)
  expect(await read()).toEqual(CONTRACT)
})

it('of workers of two apps that start together exactly one binds the fleet, with all its values', async () => {
  const other = { ...CONTRACT, app: CONTRACT.app + 1, host: 'other.example' }
  const ends = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => bind(index % 2 === 0 ? CONTRACT : other)),
  )
  const bound = await read()
  expect([CONTRACT, other]).toContainEqual(bound)
  expect(ends.filter(each => each.status === 'fulfilled')).toHaveLength(10)
})

it.for([
  [{ app: 1_400_000_001 }, 'the app is 1400000000, but IM_SDK_APP_ID says 1400000001'],
  [{ host: 'other.example' }, 'the vendor’s host is vendor.example, but IM_BASE_URL says other.example'],
  [{ key: 'another-key-of-tests' }, 'but RECEIPT_KEY says another-key-'],
  [{ version: 2 }, 'the data version is 1, but this program says 2'],
] as const)('a worker that differs by %j is refused with both values', async ([difference, words]) => {
  await bind(CONTRACT)
  await expect(bind({ ...CONTRACT, ...difference })).rejects.toThrow(words)
  expect(await read()).toEqual(CONTRACT)
})

it('data of a newer version are left alone, with the advice to upgrade', async () => {
  const { redis, prefix } = keySpace()
  await bind({ ...CONTRACT, version: DATA_VERSION + 1 })
  await expect(requireFleet(redis, prefix)).rejects.toThrow('Upgrade this program')
  const producer = createProducer({ redis, prefix })
  await expect(producer.enqueue('user_1')).rejects.toMatchObject({ code: 'FOREIGN_FLEET' })
  await producer.close()
})

it('a producer of another app enqueues nothing, and one that names no app may', async () => {
  const { redis, prefix } = keySpace()
  await bind(CONTRACT)
  const [own, other, silent] = [CONTRACT.app, CONTRACT.app + 1, undefined].map(app =>
    createProducer({ redis, prefix, app }),
  )
  await expect(other?.enqueue('user_1')).rejects.toThrow('but IM_SDK_APP_ID says 1400000001')
  expect(await silent?.enqueue('user_1')).toMatchObject({ result: 'accepted' })
  const { jobId } = (await own?.enqueue('user_2')) ?? { jobId: '' }
  expect(JSON.parse((await redis.hget(keysOf(prefix).queue + jobId, 'data')) ?? '')).toMatchObject({
    app: CONTRACT.app,
  })
  for (const producer of [own, other, silent]) await producer?.close()
})

it('a command marks no key as the fleet’s, whatever it does', async () => {
  const { redis, prefix } = keySpace()
  const seals = createReceiptSeals(receiptKeyOf('a mistyped key'))
  await requireKey(redis, prefix, seals)
  await createCanceller({ redis, prefix, seals, receiptDays: 400 }).cancel(['user_1'])
  await bind(CONTRACT)
  await expect(requireKey(redis, prefix, seals)).rejects.toMatchObject({ code: 'RECEIPT_KEY' })
})

it('an empty fleet moves to another app', async () => {
  const { redis, prefix } = keySpace()
  await bind(CONTRACT)
  const other = { ...CONTRACT, app: CONTRACT.app + 1, host: 'other.example', key: 'another-key-of-tests' }
  await moveFleet(redis, prefix, other)
  expect(await read()).toEqual(other)
})

it('a fleet does not move while a job, a dead letter, a worker or a receipt under another key is left', async () => {
  const { redis, prefix } = keySpace()
  const keys = keysOf(prefix)
  await bind(CONTRACT)
  const producer = createProducer({ redis, prefix })
  await producer.enqueue('user_1')
  await producer.close()
  await redis.zadd(`${keys.queue}failed`, 1, 'a-dead-letter')
  await redis.xadd(keys.receipts, '1-1', 'content', '[]', 'seal', '')
  const host = 'a-made-up-host'
  const worker = { id: 'w', host, pid: 1, version: '0.0.0', ceilingPerSecond: 200, startedAtMs: 0, aside: null }
  await createFleetMembers(redis, prefix).speak(worker)
  const moved = moveFleet(redis, prefix, { ...CONTRACT, key: 'another-key-of-tests' })
  await expect(moved).rejects.toThrow(/1 live workers.*2 jobs.*1 receipts under another RECEIPT_KEY/)
  expect(await read()).toEqual(CONTRACT)
})
