/**
 * Promise 3 of the design: every accepted account ends in exactly one outcome with one receipt, although workers, Redis
 * and importer crash. And promise 1, in the same run. `npm run bench -- loss` does it with 20,000 accounts.
 */
import { expect, it } from 'vitest'
import { CEILING, noiseIn } from '../../helpers/fleets/fleet.ts'
import { runLoss } from '../../helpers/fleets/loss-run.ts'

const ACCOUNTS = 4000

it('settles every account exactly once while workers, Redis and the importer are killed', {
  timeout: 300_000,
}, async ({ annotate }) => {
  const figures = await runLoss({
    accounts: ACCOUNTS,
    maxBacklog: 2000,
    killImporterAt: [0.1, 0.3],
    killRedisAt: [0.2, 0.6],
  })
  await annotate(JSON.stringify(figures))
  expect(figures).toMatchObject({ importersKilled: 2, redisKilled: 2 })
  expect(figures.workersKilled).toBeGreaterThan(3)
  expect(figures.manifest).toMatchObject({ lines: ACCOUNTS, accepted: ACCOUNTS, duplicate: 0, rejected: 0 })
  expect(figures.receipts).toBe(ACCOUNTS)
  expect(figures.accountsWithOneReceipt).toBe(ACCOUNTS)
  expect(figures.outcomes).toEqual({ cleared: String(ACCOUNTS) })
  expect(figures.request).toMatchObject({ accepted: ACCOUNTS, cleared: ACCOUNTS, pending: 0, dead: 0 })
  expect(figures.clearedAtVendor).toBe(ACCOUNTS)
  expect(figures.verify, figures.verify.text).toMatchObject({ code: 0 })
  const told = ['calls in the worst rolling second', ...figures.overLimit].join('\n')
  expect(figures.calls.peakOfSecond, told).toBeLessThanOrEqual(CEILING + noiseIn(figures))
})
