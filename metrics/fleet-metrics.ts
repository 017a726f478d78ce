import { COMMAND, counter, gauge } from './catalogue-row.ts'

/** Metrics of the whole fleet. A worker reads them from Redis at each scrape; they are absent while Redis is away. */
export const fleetMetrics = {
  queue_jobs: gauge({
    of: 'fleet',
    unit: 'jobs',
    labels: { state: '`waiting`, `active`, `delayed` (waiting for their backoff to end) or `failed` (dead letters)' },
    meaning: 'Jobs in the queue, by state.',
    example: 'max by (state) (clear_friends_queue_jobs)',
  }),
  oldest_pending_seconds: gauge({
    of: 'fleet',
    unit: 'seconds',
    meaning: 'Age of the oldest job that has not ended; 0 when there is none.',
    example: 'max(clear_friends_oldest_pending_seconds) / 3600',
  }),
  eta_seconds: gauge({
    of: 'fleet',
    unit: 'seconds',
    meaning: 'Time until the queue is empty at the present rate; absent while the fleet stands still.',
    example: 'max(clear_friends_eta_seconds)',
  }),
  due_at_risk: gauge({
    of: 'fleet',
    unit: 'jobs',
    meaning:
      'Jobs that will miss their due date at the present rate, or the allowed one while nobody works; absent while all workers stand aside.',
    example: 'max(clear_friends_due_at_risk)',
  }),
  rate_allowed_per_second: gauge({
    of: 'fleet',
    unit: 'calls per second',
    labels: { command: COMMAND },
    meaning:
      'Calls per second that the fleet allows itself now: less than the ceiling after the vendor called us too fast, during an outage, or by `clear-friends rate`.',
    example: 'max by (command) (clear_friends_rate_allowed_per_second)',
  }),
  peak_calls_per_second: gauge({
    of: 'fleet',
    unit: 'calls per second',
    labels: { command: COMMAND },
    meaning: 'Calls sent by the whole fleet in the fullest rolling second since the same scraper asked last.',
    example: 'max by (command) (max_over_time(clear_friends_peak_calls_per_second[1h]))',
  }),
  halted: gauge({
    of: 'fleet',
    unit: 'always 1',
    labels: { code: 'why: the vendor’s code, or a word' },
    meaning: 'There while the fleet is halted on a fault of our own; absent otherwise.',
    example: 'max by (code) (clear_friends_halted)',
  }),
  paused: gauge({
    of: 'fleet',
    unit: '1 or 0',
    meaning: 'Whether an operator has paused the fleet.',
    example: 'max(clear_friends_paused)',
  }),
  dead_letters: gauge({
    of: 'fleet',
    unit: 'jobs',
    labels: { code: 'the code it gave up with; `other` for those beyond the fifteen most frequent' },
    meaning: 'Dead letters that are kept now, by code.',
    example: 'topk(5, max by (code) (clear_friends_dead_letters))',
  }),
  enqueued_total: counter({
    of: 'fleet',
    unit: 'accounts',
    labels: { result: '`accepted`, `duplicate` (there was a live job) or `rejected` (not valid)' },
    meaning: 'Accounts that producers put into the queue, as the library, the commands and the intake count them.',
    example: 'max by (result) (rate(clear_friends_enqueued_total[5m]))',
  }),
  ended_total: counter({
    of: 'fleet',
    unit: 'jobs',
    labels: { outcome: '`cleared`, `not_imported`, `dead_lettered` or `cancelled`' },
    meaning: 'Jobs that ended since the fleet’s Redis was set up, whoever ended them.',
    example: 'max by (outcome) (clear_friends_ended_total)',
  }),
  receipts_total: counter({
    of: 'fleet',
    unit: 'entries',
    meaning:
      'Number of the last entry in the log of receipts; numbers have no gaps, so as many were written: receipts, and a few others.',
    example: 'max(increase(clear_friends_receipts_total[10m]))',
  }),
  receipts_head_size: gauge({
    of: 'fleet',
    unit: 'entries',
    meaning: 'Entries of the log of receipts that its signed head covers.',
    example: 'max(clear_friends_receipts_total) - max(clear_friends_receipts_head_size)',
  }),
  receipts_broken: gauge({
    of: 'fleet',
    unit: '1 or 0',
    meaning:
      'Whether the log of receipts does not fit together; no head is signed until a person has taken note of it.',
    example: 'max(clear_friends_receipts_broken)',
  }),
} as const
