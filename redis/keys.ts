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

const NAMES = {
  /** Hash: state of the whole fleet (pause, halt, rate). */
  fleet: 'fleet',
  /** The id of this fleet, which no other fleet has. Not in the fleet's hash, so that a producer may make it. */
  fleetId: 'fleet-id',
  /** Hash: number of jobs that ended, by outcome. */
  outcomes: 'outcomes',
  /** List: the last outcomes, newest first; shows when suspiciously many accounts are not imported. */
  lastOutcomes: 'last-outcomes',
  /** Hash: number of accounts that producers sent, by result: accepted, duplicate, rejected. */
  enqueued: 'enqueued',
  /** Exists for a day after an operator has resumed a fleet that halted because too many accounts were missing. */
  missingIsRight: 'missing-is-right',
  /** `doctor` writes it to see whether Redis takes writes; it expires within a second. */
  doctor: 'doctor',
  /** Exists while no worker may send the next probe of a halted fleet. */
  probe: 'probe',
  /** Hash: the live workers, each with the time of its last word and what it says of itself. */
  workers: 'workers',
  /** Random text that makes the shown names of foreign job ids, see `jobs/job/job-names.ts`. */
  jobIdSalt: 'job-id-salt',
  /** Start of BullMQ's keys of the queue; a job's hash is this and its id. */
  queue: `${QUEUE_NAME}:`,
  /** Stream: the log of receipts, oldest first. An entry's id is `<seq>-<epoch ms>`. */
  receipts: 'receipts',
  /** Hash: the log of receipts. `seq`: number of the last entry; the rest see `jobs/receipts/read/log-state.ts`. */
  receiptLog: 'receipt-log',
  /** Sorted set by size: signed heads of the log, one for some hundreds of entries or a day. */
  receiptCheckpoints: 'receipt-checkpoints',
  /** Exists for 4.5 s after a worker has taken the turn to keep the log of receipts. */
  receiptTurn: 'receipt-turn',
  /** Hash: number of dead letters kept now, by code. */
  deadLetterCodes: 'dead-letter-codes',
  /** Stream, capped: operators' actions on dead letters. */
  operatorActions: 'operator-actions',
  /** Start of the hashes that hold a request's figures: `<this><request id>`. */
  requests: 'request:',
  /** Hash: jobs of unfinished batches, each `sent` or `ended`; the producer removes them when the batch is done. */
  batches: 'batches',
  /** Start of the hashes of imports that have not ended, with their owner and how far they are: `<this><import key>`. */
  imports: 'import:',
} as const

/** Names of all keys of one fleet. */
type Keys = Readonly<Record<keyof typeof NAMES, string>> & {
  /** Sorted set: the permits of one vendor command. */
  readonly permits: (command: string) => string
  /** Start of the hashes that count sent calls: `<this>:<epoch second>` with fields `<10 ms bin>:<caller>`. */
  readonly sent: (command: string) => string
}

/**
 * Names the keys of this project beside BullMQ's own (`<prefix>:clear-friends:…`).
 *
 * @param prefix the value of `REDIS_PREFIX`
 */
export function keysOf(prefix: string): Keys {
  const named = Object.entries(NAMES).map(([key, name]) => [key, `${prefix}:${name}`])
  return {
    ...(Object.fromEntries(named) as Record<keyof typeof NAMES, string>),
    permits: command => `${prefix}:permits:${command}`,
    sent: command => `${prefix}:sent:${command}`,
  }
}
