/**
 * Drains the queue of `REDIS_URL` as a worker does, but answers in place of the vendor. The benchmark measures queue,
 * receipts and import; a million HTTP calls would take longer than all of that. Ends at SIGTERM.
 */
import { Redis } from 'ioredis'
import { z } from 'zod'
import { loadJobNames } from '../../../jobs/job/job-names.ts'
import { createReceiptSeals } from '../../../jobs/receipts/keys/receipt-seals.ts'
import { Sealer } from '../../../jobs/receipts/keys/sealer.ts'
import { openProgress, type ProgressOf, sealProgress } from '../../../jobs/receipts/sealed-progress.ts'
import { createSettlement } from '../../../jobs/settle/settlement.ts'
import { DEFAULT_PREFIX } from '../../../redis/keys.ts'
import { createLog } from '../../../worker/observe/log.ts'
import { Pool } from '../../../worker/pool/pool.ts'
import { classify } from '../../../worker/vendor/classify.ts'
import { FaultStreaks } from '../../../worker/vendor/fault-streaks.ts'
import type { PacedCall } from '../../../worker/vendor/paced-call.ts'

const MAX_ATTEMPTS = 15
const CONCURRENCY = 256

const { REDIS_URL, RECEIPT_KEY } = z.object({ REDIS_URL: z.string(), RECEIPT_KEY: z.string() }).parse(process.env)
const redis = new Redis(REDIS_URL, { maxRetriesPerRequest: null })
const seals = createReceiptSeals(RECEIPT_KEY)
const sealer = new Sealer({ redis, prefix: DEFAULT_PREFIX, seals, app: 1_400_000_000 })
const settlement = createSettlement({ redis, prefix: DEFAULT_PREFIX, seals, sealer, receiptDays: 400 })
const envelope = { ActionStatus: 'OK', ErrorCode: 0, ErrorInfo: '' }
const verdict = classify({ kind: 'answer', envelope, body: envelope })

const call: PacedCall = async (_command, _body, { onSent }) => {
  onSent()
  return { kind: 'answered', verdict }
}
const standing = { judge: async () => 'ours' as const }
const attempt = {
  call,
  standing,
  faultStreaks: new FaultStreaks(),
  settlement,
  maxAttempts: MAX_ATTEMPTS,
  verifyShare: 0,
  app: 1_400_000_000,
  openProgress: (job: ProgressOf, found: unknown) => openProgress(job, found, sealer),
}
const pool = new Pool({
  redis,
  prefix: DEFAULT_PREFIX,
  concurrency: CONCURRENCY,
  attempt,
  sealProgress: (job, progress) => sealProgress(job, progress, sealer),
  settlement,
  jobNames: await loadJobNames(redis, DEFAULT_PREFIX),
  recorder: { watch: (_job, work) => work(), record: () => {} },
  guard: { protect: async () => {} },
  log: createLog('fatal'),
})
pool.start()
process.once('SIGTERM', async () => {
  await pool.drain()
  redis.disconnect()
})
