/**
 * The public door: what a program needs to put accounts into the queue and to ask what became of them.
 */
export { allowedRateLua } from '../limiter/allowed-rate.ts'
export { type CallRates, createCallRatesReader } from '../limiter/call-rates.ts'
export { ceilingOf } from '../limiter/ceilings.ts'
export { answerWithin } from '../redis/answer-within.ts'
export { CLEAR_COMMAND, DEFAULT_PREFIX, JOB_NAME, keysOf, QUEUE_NAME } from '../redis/keys.ts'
export { type Refusal, refusalOf } from '../redis/redis-refusal.ts'
export { createRedisScript, type RedisScript } from '../redis/redis-script.ts'
export {
  LEAST_REDIS_VERSION,
  type RedisVersion,
  readRedisVersion,
  requireRedisVersion,
} from '../redis/redis-version.ts'
export {
  createDeadLetters,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetters,
  type DiscardResult,
  type OperatorAction,
  type ReplayResult,
} from './dead-letters/dead-letters.ts'
export { EnqueuedCounter } from './enqueue/count-enqueued.ts'
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
} from './job/clear-friends-job.ts'
export { defaultDue, parseDue, parseSince, priorityOfDue, RETRY_PRIORITY } from './job/due.ts'
export {
  EnqueueInterruptedError,
  InvalidJobError,
  InvalidRateError,
  ReceiptKeyError,
  RedisTooOldError,
  RedisUnavailableError,
  UnknownRequestError,
} from './job/errors.ts'
export { emptyEvents } from './job/events-stream.ts'
export { FINAL_OUTCOMES, type FinalOutcome, type Outcome, type Reason, type Verified } from './job/outcome.ts'
export { type ClearFriendsQueue, openQueue, type RedisConnection, waitUntilReady, withAdvice } from './job/queue.ts'
export { endAsFailed, isTracing, messagingAttributes } from './job/tracing.ts'
export { Checkpoints } from './receipts/checkpoints.ts'
export { type ExportOptions, type ExportSummary, exportReceipts } from './receipts/export-receipts.ts'
export type { Receipt } from './receipts/exported-line.ts'
export type { JobEnd } from './receipts/receipt-content.ts'
export { ReceiptKeeper, type ReceiptKeeperOptions } from './receipts/receipt-keeper.ts'
export { createReceiptSeals, type ReceiptSeals } from './receipts/receipt-seals.ts'
export { type ExportPart, type Finding, type Verification, verifyReceipts } from './receipts/verify-receipts.ts'
export { type Canceller, type CancelResult, createCanceller } from './settle/cancel.ts'
export {
  createSettlement,
  type Recorded,
  type Settled,
  type Settlement,
  type SettlementOptions,
} from './settle/settlement.ts'
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
} from './status/fleet.ts'
export {
  createFleetFiguresReader,
  ENQUEUE_RESULTS,
  type EnqueueResult,
  type FleetFigures,
} from './status/fleet-figures.ts'
export { createFleetStatusReader, type FleetStatus } from './status/fleet-status.ts'
export { createQueueStatusReader, type QueueStatus, type RateSettings } from './status/queue-status.ts'
export { createRequestReader, type RequestStatus } from './status/request-status.ts'
