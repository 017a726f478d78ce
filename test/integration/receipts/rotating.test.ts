/** The change of the key, interrupted at each of its steps, twice at once, and beside a worker that starts. */
import { describe, expect, it, type TestContext } from 'vitest'
import { ReceiptKeeper } from '../../../jobs/receipts/keep/receipt-keeper.ts'
import { rotateKey } from '../../../jobs/receipts/keep/rotate-key.ts'
import { createReceiptSeals, type ReceiptSeals } from '../../../jobs/receipts/keys/receipt-seals.ts'
import { verifyReceipts } from '../../../jobs/receipts/verify/verify-receipts.ts'
import { writeEntry } from '../../../jobs/receipts/write-entry.ts'
import { readContract } from '../../../jobs/status/fleet-contract.ts'
import { exportedLines, testSeals } from '../../helpers/receipts/receipts.ts'
import { receiptKeyOf, TEST_RECEIPT_KEY } from '../../helpers/receipts/settling.ts'
import { type Cut, cutConnection, type OnCommand } from '../../helpers/redis/cut-connection.ts'
import { type CommandKeySpace, openKeySpace } from '../cli/key-space.ts'
import { APP, logForTest, serverThat } from './log-for-test.ts'

const NEXT_KEY = receiptKeyOf('the next key')
const nextSeals = createReceiptSeals(NEXT_KEY)
const NEVER: Cut = { at: Number.POSITIVE_INFINITY, when: 'before' }

async function openLog(context: Pick<TestContext, 'onTestFinished'>, heads = 2) {
  const keySpace = await openKeySpace(context)
  const log = logForTest(keySpace.redis, keySpace.prefix)
  await log.bind()
  const keeper = log.keeper()
  for (let n = 0; n < heads; n++) {
    await log.write(3)
    await keeper.keep(true)
  }
  await log.write(1)
  return { keySpace, log, keeper }
}

/** Changes the key over a connection of its own; gives the result or the error, and how many commands reached Redis. */
async function rotate(
  keySpace: CommandKeySpace,
  { cut = NEVER, next = nextSeals, onCommand }: { cut?: Cut; next?: ReceiptSeals; onCommand?: OnCommand } = {},
) {
  const connection = await cutConnection(keySpace.url, cut, onCommand)
  const result = await rotateKey(connection.redis, keySpace.prefix, testSeals, next).catch((error: Error) => error)
  connection.redis.disconnect()
  return { result, sent: connection.sent }
}

/** Writes and signs with a key, and checks the whole log with the first public key. */
async function expectOneLog({ redis, prefix }: CommandKeySpace, key: string, against: readonly string[] = []) {
  const seals = createReceiptSeals(key)
  expect((await readContract(redis, prefix)).key).toBe(seals.keyId)
  const log = logForTest(redis, prefix, key)
  await log.write(2)
  expect(await log.keeper().keep(true)).toMatchObject({ kind: 'kept' })
  const { file, troubles } = await exportedLines({ redis, prefix }, seals)
  expect(troubles).toEqual([])
  for (const { signing } of [testSeals, seals]) {
    const { findings } = await verifyReceipts([{ name: 'log', open: () => file }], {
      publicKey: signing.publicKey,
      against: against.map(note => ({ name: 'a head of before', note })),
      each: true,
    })
    expect(findings).toEqual([])
  }
}

describe.concurrent('a change of the key', () => {
  it.for([
    ['before', 2],
    ['after', 2],
    ['before', 0],
    ['after', 0],
  ] as const)(
    'that is killed %s any of its commands, of a log with %i heads, has happened or has not, and ends well when it is given again',
    async ([when, heads], context) => {
      const outcomes = new Set<string>()
      for (let at = 1, isCut = true; isCut; at++) {
        const { keySpace, log } = await openLog(context, heads)
        const head = (await keySpace.redis.hget(log.keys.receiptLog, 'head')) ?? ''
        const { result, sent } = await rotate(keySpace, { cut: { at, when } })
        isCut = result instanceof Error
        expect(sent).toBeGreaterThanOrEqual(at - 1)
        const { key } = await readContract(keySpace.redis, keySpace.prefix)
        expect([testSeals.keyId, nextSeals.keyId]).toContain(key)
        if (key === testSeals.keyId) await expectOneLog(keySpace, TEST_RECEIPT_KEY)
        const { result: again } = await rotate(keySpace)
        expect(again).toBe(key === testSeals.keyId ? 'changed' : 'same')
        outcomes.add(String(again))
        await expectOneLog(keySpace, NEXT_KEY, head === '' ? [] : [head])
      }
      expect(outcomes).toContain('changed')
      expect(outcomes).toContain('same')
    },
  )

  it.for([
    ['to two keys: one of them is the fleet’s', [receiptKeyOf('one key'), receiptKeyOf('another key')]],
    ['to the same key: both end well', [NEXT_KEY, NEXT_KEY]],
  ] as const)('twice at once %s', async ([_what, keys], context) => {
    const { keySpace } = await openLog(context)
    const results = await Promise.all(
      keys.map(async key => (await rotate(keySpace, { next: createReceiptSeals(key) })).result),
    )
    const isOneKey = keys[0] === keys[1]
    const words = results.map(each => (each instanceof Error ? Reflect.get(each, 'code') : each))
    expect(words.toSorted()).toEqual(isOneKey ? ['changed', 'same'] : ['RECEIPT_KEY', 'changed'])
    await expectOneLog(keySpace, keys[results.indexOf('changed')] ?? '')
  })

  it('beside a worker with the old key that starts and signs at any of its commands changes it whole or not at all', async context => {
    const outcomes = new Set<string>()
    for (let step = 1, isOver = false; !isOver; step++) {
      const { keySpace } = await openLog(context, step % 2 === 0 ? 2 : 0)
      const { redis, prefix } = keySpace
      const worker = logForTest(redis, prefix)
      const work = async (): Promise<void> => {
        await worker.bind()
        await writeEntry(redis, prefix, worker.sealer, {
          kind: 'start',
          says: {
            app: APP,
            host: 'vendor.example',
            publicKey: testSeals.signing.publicKey.toString('base64'),
            verify: 1,
          },
        })
        await worker.write(2)
        await worker.keeper().keep(true)
      }
      const { result, sent } = await rotate(keySpace, {
        onCommand: async number => {
          if (number === step) await work().catch(() => {})
        },
      })
      outcomes.add(String(result))
      isOver = sent < step
      // The worker goes on until it learns of the change; what it holds signs nothing any more.
      await worker.write(1).catch(() => {})
      await worker.keeper().keep(true)
      if ((await rotate(keySpace)).result === 'changed') outcomes.add('changed later')
      await worker.keeper().keep(true)
      await expectOneLog(keySpace, NEXT_KEY)
    }
    expect([...outcomes].toSorted()).toEqual([
      'RotationError: The key was not changed: a worker has kept the log meanwhile. Stop all workers, and run this again.',
      'changed',
      'changed later',
    ])
  })

  it('signs no head that somebody else has written into Redis', async context => {
    const { keySpace, log } = await openLog(context)
    const head = (await keySpace.redis.hget(log.keys.receiptLog, 'head')) ?? ''
    const forged = head.replace(/\n\d+\n/, '\n5\n')
    await keySpace.redis.hset(log.keys.receiptLog, 'head', forged)
    expect((await rotate(keySpace)).result).toMatchObject({
      message: expect.stringContaining('is not signed with the old key'),
    })
    expect((await readContract(keySpace.redis, keySpace.prefix)).key).toBe(testSeals.keyId)
    await log.write(1)
    await log.keeper().keep(true)
    expect((await rotate(keySpace)).result).toBe('changed')
    await expectOneLog(keySpace, NEXT_KEY, [head])
  })

  it('before the first worker is refused, since the log has no name yet', async context => {
    const keySpace = await openKeySpace(context)
    expect((await rotate(keySpace)).result).toMatchObject({
      message: expect.stringContaining('no worker has started here yet'),
    })
  })

  it('with a key that is not that of the log is refused, also where Redis has lost which key is the fleet’s', async context => {
    const { keySpace, log } = await openLog(context)
    await keySpace.redis.hdel(log.keys.fleet, 'key')
    const stranger = createReceiptSeals(receiptKeyOf('a stranger'))
    await expect(rotateKey(keySpace.redis, keySpace.prefix, stranger, nextSeals)).rejects.toMatchObject({
      code: 'RECEIPT_KEY',
    })
  })

  it('is signed by the new key alone from then on: a keeper with the old one signs nothing, not even the first head', async context => {
    const { keySpace, log } = await openLog(context, 0)
    const { redis, prefix } = keySpace
    const keeper = new ReceiptKeeper({
      redis: serverThat(redis, 'aof_enabled:0'),
      prefix,
      sealer: log.sealer,
      receiptDays: 400,
    })
    expect((await rotate(keySpace)).result).toBe('changed')
    expect(await keeper.keep(true)).toEqual({ kind: 'moved' })
    expect(await redis.hget(log.keys.receiptLog, 'head')).toBe('')
    await expectOneLog(keySpace, NEXT_KEY)
  })
})
