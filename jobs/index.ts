/**
 * The door of the package, for programs that enqueue or withdraw accounts, look after dead letters or check receipts.
 * Each name stands in docs/library.md. Inside the project files import each other directly.
 *
 * What belongs in `jobs/`: the contract of a job, and all actions on jobs and their receipts in Redis. What does
 * not: calls of the vendor (`worker/`), permits (`limiter/`), Redis itself (`redis/`).
 */

export { RedisTooOldError, RedisUnavailableError } from '../redis/redis-errors.ts'
export {
  createDeadLetters,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetters,
} from './dead-letters/dead-letters.ts'
export type { Enqueued } from './enqueue/enqueue-batch.ts'
export {
  createProducer,
  type EnqueueManyOptions,
  type EnqueueOptions,
  type Entry,
  type Manifest,
  type Producer,
  type ProducerOptions,
} from './enqueue/producer.ts'
export { jobJsonSchema } from './job/clear-friends-job.ts'
export { parseDue } from './job/due.ts'
export { EnqueueInterruptedError, ForeignFleetError, InvalidJobError, ReceiptKeyError } from './job/errors.ts'
export { exportReceipts } from './receipts/export/export-receipts.ts'
export { createReceiptSeals, type ReceiptSeals } from './receipts/keys/receipt-seals.ts'
export type { Verification } from './receipts/verify/findings.ts'
export { verifyReceipts } from './receipts/verify/verify-receipts.ts'
export { type CancelledRequest, type Canceller, type CancelResult, createCanceller } from './settle/cancel.ts'
