/**
 * The public door: what a program needs to put accounts into the queue and to ask what became of them.
 */
export { allowedRateLua } from './allowed-rate.ts'
export { answerWithin } from './answer-within.ts'
export { type CallRates, createCallRatesReader } from './call-rates.ts'
export { type Canceller, type CancelResult, createCanceller } from './cancel.ts'
export { ceilingOf } from './ceilings.ts'
export {
  accountFault,
  accountSchema,
  type DeleteType,
  dueSchema,
  type JobData,
  jobDataSchema,
  jobJsonSchema,
  makeJobData,
  parseJobData,
  requestSchema,
} from './clear-friends-job.ts'
export { EnqueuedCounter } from './count-enqueued.ts'
export {
  createDeadLetters,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetters,
  type DiscardResult,
  type OperatorAction,
  type ReplayResult,
} from './dead-letters.ts'
export { defaultDue, parseDue, parseSince, priorityOfDue, RETRY_PRIORITY } from './due.ts'
export type { Enqueued } from './enqueue-batch.ts'
export {
  EnqueueInterruptedError,
  InvalidJobError,
  InvalidRateError,
  ReceiptKeyError,
  RedisTooOldError,
  RedisUnavailableError,
  UnknownRequestError,
} from './errors.ts'
export { emptyEvents } from './events-stream.ts'
export {
  createFleetControl,
  createFleetReader,
  type FleetControl,
  type FleetState,
  type Halt,
  type Pause,
  readFleetId,
  setFleetRate,
  TOO_MANY_MISSING,
} from './fleet.ts'
export { createFleetFiguresReader, ENQUEUE_RESULTS, type EnqueueResult, type FleetFigures } from './fleet-figures.ts'
export { createFleetStatusReader, type FleetStatus } from './fleet-status.ts'
export { CLEAR_COMMAND, DEFAULT_PREFIX, JOB_NAME, keysOf, QUEUE_NAME } from './keys.ts'
export { FINAL_OUTCOMES, type FinalOutcome, type Outcome, type Reason, type Verified } from './outcome.ts'
export {
  createProducer,
  type EnqueueManyOptions,
  type EnqueueOptions,
  type Entry,
  type Manifest,
  type Producer,
  type ProducerOptions,
} from './producer.ts'
export { type ClearFriendsQueue, openQueue, type RedisConnection, waitUntilReady, withAdvice } from './queue.ts'
export { createQueueStatusReader, type QueueStatus, type RateSettings } from './queue-status.ts'
export { Checkpoints } from './receipts/checkpoints.ts'
export { type ExportOptions, type ExportSummary, exportReceipts } from './receipts/export-receipts.ts'
export type { Receipt } from './receipts/exported-line.ts'
export type { JobEnd } from './receipts/receipt-content.ts'
export { ReceiptKeeper, type ReceiptKeeperOptions } from './receipts/receipt-keeper.ts'
export { createReceiptSeals, type ReceiptSeals } from './receipts/receipt-seals.ts'
export { type ExportPart, type Finding, type Verification, verifyReceipts } from './receipts/verify-receipts.ts'
export { type Refusal, refusalOf } from './redis-refusal.ts'
export { createRedisScript, type RedisScript } from './redis-script.ts'
export { LEAST_REDIS_VERSION, type RedisVersion, readRedisVersion, requireRedisVersion } from './redis-version.ts'
export { createRequestReader, type RequestStatus } from './request-status.ts'
export {
  createSettlement,
  type Recorded,
  type Settled,
  type Settlement,
  type SettlementOptions,
} from './settlement.ts'
export { endAsFailed, isTracing, messagingAttributes } from './tracing.ts'
