import { setTimeout as wait } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { expect } from 'vitest'
import { ReceiptKeeper } from '../../../jobs/receipts/keep/receipt-keeper.ts'
import type { Verification } from '../../../jobs/receipts/verify/findings.ts'
import { verifyReceipts } from '../../../jobs/receipts/verify/verify-receipts.ts'
import { DEFAULT_PREFIX as prefix } from '../../../redis/keys.ts'
import { exportedLines, testSeals } from '../../helpers/receipts/receipts.ts'
import { logForTest } from '../../integration/receipts/log-for-test.ts'

/** Options of {@link startWorkers}. */
interface WorkersOptions {
  /** Default: 2. */
  readonly count?: number
  /** Whether the keepers take it that Redis loses nothing. Default: no. */
  readonly trustful?: boolean
}

/** Starts workers of one fleet that write receipts, each with a keeper. */
export async function startWorkers(redis: Redis, { count = 2, trustful = false }: WorkersOptions = {}) {
  const logs = Array.from({ length: count }, () => logForTest(redis, prefix))
  await logs[0]?.bind()
  const keepers = logs.map(({ sealer, keeper }) =>
    trustful ? keeper() : new ReceiptKeeper({ redis, prefix, sealer, receiptDays: 400 }),
  )
  for (const keeper of keepers) await keeper.lookForLoss()
  const heads: string[] = []
  let turns = 0
  return {
    /** All heads that were signed. */
    heads,
    logs,
    keepers,
    /** Writes receipts with all workers at once, and lets a keeper take its turn, so many times. */
    work: async (rounds: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        await Promise.all(logs.map(({ write }) => write(15)))
        const kept = await keepers[turns++ % count]?.keep()
        if (kept?.kind === 'kept') heads.push(kept.note)
        await wait(100)
      }
    },
    /** Does as workers do when the connection is back; gives how many entries each one missed. */
    lookForLoss: () => Promise.all(keepers.map(keeper => keeper.lookForLoss())),
    /** Signs what is there, and checks the whole log against all heads so far. */
    verify: async (): Promise<Verification> => {
      for (let turn = 0; turn < 3; turn++) for (const keeper of keepers) await keeper.keep(true)
      const { file, troubles } = await exportedLines({ redis, prefix })
      expect(troubles).toEqual([])
      return verifyReceipts([{ name: 'export', open: () => file }], {
        publicKey: testSeals.signing.publicKey,
        against: heads.map(note => ({ name: 'a head of before', note })),
      })
    },
  }
}
