/** The change of the key beside a worker that nobody saw: it was starting, or its list of members was lost. */
import { expect, it } from 'vitest'
import { rotateKey } from '../../jobs/receipts/keep/rotate-key.ts'
import { createReceiptSeals } from '../../jobs/receipts/keys/receipt-seals.ts'
import { verifyReceipts } from '../../jobs/receipts/verify/verify-receipts.ts'
import { keysOf } from '../../redis/keys.ts'
import { eventually } from '../helpers/eventually.ts'
import { fleetForTest } from '../helpers/fleets/vendor-and-workers.ts'
import { exportedLines } from '../helpers/receipts/receipts.ts'
import { receiptKeyOf } from '../helpers/receipts/settling.ts'

const ACCOUNTS = 200

it('ends such a worker in the middle of its work, and one with the new key goes on in the same log', async () => {
  const fleet = await fleetForTest({ simulator: { users: { importAll: true }, latency: 40 } })
  const { redis, prefix } = fleet
  const newKey = receiptKeyOf('the next key')
  const [old, next] = [createReceiptSeals(fleet.settings['RECEIPT_KEY'] ?? ''), createReceiptSeals(newKey)]
  await fleet.enqueue(Array.from({ length: ACCOUNTS }, (_, index) => `user_${index + 1}`))
  await eventually('some calls', async () => fleet.answers.length >= 20)
  await redis.del(keysOf(prefix).workers)
  expect(await rotateKey(redis, prefix, old, next)).toBe('changed')
  expect(await fleet.workers[0]?.ended).toBe(78)

  await fleet.addWorker({ RECEIPT_KEY: newKey })
  await fleet.untilSettled(ACCOUNTS)
  const { file, lines, troubles } = await exportedLines({ redis, prefix }, next)
  expect({ receipts: lines.length, troubles }).toEqual({ receipts: ACCOUNTS, troubles: [] })
  for (const { signing } of [old, next]) {
    const { findings } = await verifyReceipts([{ name: 'log', open: () => file }], {
      publicKey: signing.publicKey,
      each: true,
    })
    expect(findings).toEqual([])
  }
})
