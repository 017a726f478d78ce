/** The queue's name. Fixed: producers in other languages rely on it. */
export const QUEUE_NAME = 'clear-friends'

/**
 * The name that each job carries. BullMQ wants one; nothing here depends on it. One letter, since a word costs 29 bytes
 * of Redis for each waiting job.
 */
export const JOB_NAME = 'c'

/** The key prefix of a fleet that sets no other. Its braces are a hash tag: all keys share one slot of a Redis Cluster. */
export const DEFAULT_PREFIX = '{clear-friends}'

/** The vendor command that clears an account; its calls are the work that is done. */
export const CLEAR_COMMAND = 'friend_delete_all'

/**
 * Names the keys of this project beside BullMQ's own (`<prefix>:clear-friends:…`).
 *
 * @param prefix the value of `REDIS_PREFIX`
 */
export const keysOf = (
  prefix: string,
): {
  /** Hash: what holds for the whole fleet (pause, halt, rate). */
  readonly fleet: string
  /** Hash: how many jobs ended in which outcome. */
  readonly outcomes: string
  /** List: the last outcomes, newest first, to see when suspiciously many accounts are not imported. */
  readonly lastOutcomes: string
  /** Hash: accounts that were to be enqueued, by what became of them. */
  readonly enqueued: string
  /** Exists for a day after an operator has resumed a fleet that was halted because of them. */
  readonly missingIsRight: string
  /** Written by `doctor` to see whether Redis takes writes; gone a second later. */
  readonly doctor: string
  /** Says when the next probe may be sent while the fleet is halted. */
  readonly probe: string
  /** Sorted set: the permits of one vendor command. */
  readonly permits: (command: string) => string
  /** Start of the hashes that count calls sent: `<this>:<epoch second>` with fields `<10 ms bin>:<caller>`. */
  readonly sent: (command: string) => string
  /** Start of BullMQ's keys of the queue; a job's hash is this and its id. */
  readonly queue: string
  /** Stream: the receipts, oldest first. An entry's id is `<seq>-<epoch ms>`. */
  readonly receipts: string
  /** Hash: the end of the receipts' chain. Field `seq` is the number of the last receipt. */
  readonly receiptChain: string
  /** Stream: sealed checkpoints of the chain; an entry's id is that of the last receipt it covers. */
  readonly receiptCheckpoints: string
  /** Exists while a worker that has made a checkpoint holds the turn. */
  readonly receiptTurn: string
  /** Hash: code → dead letters that are kept now. */
  readonly deadLetterCodes: string
  /** Stream, capped: what operators did to dead letters. */
  readonly operatorActions: string
  /** Start of the hashes that hold a request's figures: `<this><request id>`. */
  readonly requests: string
  /** Hash: jobs of batches whose producer has not written down yet that they are through, each `sent` or `ended`. */
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
