/** The queue's name. It must not change: producers in other languages rely on it. */
export const QUEUE_NAME = 'clear-friends'

/**
 * The name of every job. BullMQ wants a name; this project does not use it. It has one letter, because a word costs
 * Redis 29 bytes for each waiting job.
 */
export const JOB_NAME = 'c'

/** The default key prefix. Its braces are a hash tag, which puts all keys into one slot of a Redis Cluster. */
export const DEFAULT_PREFIX = '{clear-friends}'

/** The vendor command that clears an account. Forecasts count its calls as the work. */
export const CLEAR_COMMAND = 'friend_delete_all'

/**
 * Names the keys of this project beside BullMQ's own (`<prefix>:clear-friends:…`).
 *
 * @param prefix the value of `REDIS_PREFIX`
 */
export const keysOf = (
  prefix: string,
): {
  /** Hash: state of the whole fleet (pause, halt, rate). */
  readonly fleet: string
  /** Hash: number of jobs that ended, by outcome. */
  readonly outcomes: string
  /** List: the last outcomes, newest first; shows when suspiciously many accounts are not imported. */
  readonly lastOutcomes: string
  /** Hash: number of accounts that producers sent, by result: accepted, duplicate, rejected. */
  readonly enqueued: string
  /** Exists for a day after an operator has resumed a fleet that halted because too many accounts were missing. */
  readonly missingIsRight: string
  /** `doctor` writes it to see whether Redis takes writes; it expires within a second. */
  readonly doctor: string
  /** Exists while no worker may send the next probe of a halted fleet. */
  readonly probe: string
  /** Sorted set: the permits of one vendor command. */
  readonly permits: (command: string) => string
  /** Start of the hashes that count sent calls: `<this>:<epoch second>` with fields `<10 ms bin>:<caller>`. */
  readonly sent: (command: string) => string
  /** Start of BullMQ's keys of the queue; a job's hash is this and its id. */
  readonly queue: string
  /** Stream: the receipts, oldest first. An entry's id is `<seq>-<epoch ms>`. */
  readonly receipts: string
  /** Hash: the end of the receipts' chain. Field `seq` is the number of the last receipt. */
  readonly receiptChain: string
  /** Stream: sealed checkpoints of the chain; an entry has the id of the last receipt that it covers. */
  readonly receiptCheckpoints: string
  /** Exists for 4.5 s after a worker has taken the turn to seal and trim receipts. */
  readonly receiptTurn: string
  /** Hash: number of dead letters kept now, by code. */
  readonly deadLetterCodes: string
  /** Stream, capped: operators' actions on dead letters. */
  readonly operatorActions: string
  /** Start of the hashes that hold a request's figures: `<this><request id>`. */
  readonly requests: string
  /** Hash: jobs of unfinished batches, each `sent` or `ended`; the producer removes them when the batch is done. */
  readonly batches: string
} => ({
  fleet: `${prefix}:fleet`,
  outcomes: `${prefix}:outcomes`,
  lastOutcomes: `${prefix}:last-outcomes`,
  enqueued: `${prefix}:enqueued`,
  missingIsRight: `${prefix}:missing-is-right`,
  doctor: `${prefix}:doctor`,
  probe: `${prefix}:probe`,
  permits: command => `${prefix}:permits:${command}`,
  sent: command => `${prefix}:sent:${command}`,
  queue: `${prefix}:${QUEUE_NAME}:`,
  receipts: `${prefix}:receipts`,
  receiptChain: `${prefix}:receipt-chain`,
  receiptCheckpoints: `${prefix}:receipt-checkpoints`,
  receiptTurn: `${prefix}:receipt-turn`,
  deadLetterCodes: `${prefix}:dead-letter-codes`,
  operatorActions: `${prefix}:operator-actions`,
  requests: `${prefix}:request:`,
  batches: `${prefix}:batches`,
})
