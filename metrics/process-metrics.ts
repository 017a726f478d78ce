import { COMMAND, counter, gauge, histogram } from './catalogue-row.ts'

/** In seconds. The vendor answers in tens of milliseconds and gives up by itself at 3 s; we give up at 10 s. */
const CALL_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** In seconds. A call waits for its permit: not at all on an idle fleet, for the whole line on a busy one. */
const WAIT_BUCKETS = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30]
/** In seconds from enqueue to end: a second up to two months, closer together around the usual due dates. */
const AGE_BUCKETS = [1, 10, 60, 600, 3600, 21_600, 86_400, 259_200, 604_800, 1_209_600, 2_592_000, 5_184_000]

/** Metrics that each worker counts for itself. */
export const processMetrics = {
  api_requests_total: counter({
    of: 'process',
    unit: 'requests',
    labels: {
      command: COMMAND,
      code: 'the vendor’s code, `unlisted` for one that docs/errors.md does not list, or a word for an answer without one: `timeout`, `reset`, `http_4xx`, …; `other` for what comes after fifty different ones',
    },
    meaning: 'Requests sent to the vendor and answered, or given up, by command and code.',
    example: 'sum by (code) (rate(clear_friends_api_requests_total[5m]))',
  }),
  api_request_duration_seconds: histogram({
    of: 'process',
    unit: 'seconds',
    labels: { command: COMMAND },
    meaning: 'Time from sending a request to its answer.',
    example:
      'histogram_quantile(0.99, sum by (le, command) (rate(clear_friends_api_request_duration_seconds_bucket[5m])))',
    buckets: CALL_BUCKETS,
  }),
  permits_total: counter({
    of: 'process',
    unit: 'permits',
    labels: {
      command: COMMAND,
      result: '`used`; `missed`: its slot passed before it could be used; `void`: the connection to Redis broke',
    },
    meaning: 'Permits of the limiter, by what became of them.',
    example: 'sum by (result) (rate(clear_friends_permits_total[5m]))',
  }),
  permit_wait_seconds: histogram({
    of: 'process',
    unit: 'seconds',
    labels: { command: COMMAND },
    meaning: 'Time a call waited for its permit.',
    example: 'histogram_quantile(0.5, sum by (le) (rate(clear_friends_permit_wait_seconds_bucket[5m])))',
    buckets: WAIT_BUCKETS,
  }),
  jobs_settled_total: counter({
    of: 'process',
    unit: 'jobs',
    labels: { outcome: '`cleared`, `not_imported`, `dead_lettered` or `cancelled`' },
    meaning: 'Jobs that this worker ended. Those that a command cancelled are in ended_total alone.',
    example: 'sum(rate(clear_friends_jobs_settled_total[1m]))',
  }),
  cleared_total: counter({
    of: 'process',
    unit: 'jobs',
    labels: {
      verified:
        '`yes`: the list was seen empty; `no`: it should have been read and could not be; `skipped`: VERIFY asked for no look',
    },
    meaning: 'Jobs that ended as cleared, by whether the clear was proved.',
    example: 'sum by (verified) (increase(clear_friends_cleared_total[1d]))',
  }),
  job_age_at_settle_seconds: histogram({
    of: 'process',
    unit: 'seconds',
    meaning: 'Time from enqueueing a job to its end.',
    example: 'histogram_quantile(0.95, sum by (le) (rate(clear_friends_job_age_at_settle_seconds_bucket[1h])))',
    buckets: AGE_BUCKETS,
  }),
  job_retries_total: counter({
    of: 'process',
    unit: 'jobs',
    labels: {
      reason:
        'the vendor’s code or a word, as in `code` above; `paused`, `halted`, `aborted`, `unready` and `draining` used no attempt; `other` for what comes after 24 different ones',
    },
    meaning: 'Jobs that went back to the queue, by reason.',
    example: 'topk(5, sum by (reason) (increase(clear_friends_job_retries_total[10m])))',
  }),
  verifications_total: counter({
    of: 'process',
    unit: 'looks',
    labels: { result: '`empty`, `not_empty` or `unread`: no look succeeded' },
    meaning: 'Looks at the friend list after a delete.',
    example: 'sum by (result) (rate(clear_friends_verifications_total[5m]))',
  }),
  jobs_in_hand: gauge({
    of: 'process',
    unit: 'jobs',
    meaning: 'Jobs that this worker works on now.',
    example: 'sum(clear_friends_jobs_in_hand) / sum(clear_friends_job_slots)',
  }),
  job_slots: gauge({
    of: 'process',
    unit: 'jobs',
    meaning: 'Jobs that this worker can have in hand at most (WORKER_CONCURRENCY).',
    example: 'sum(clear_friends_job_slots)',
  }),
  vendor_connections: gauge({
    of: 'process',
    unit: 'connections',
    meaning: 'Open connections to the vendor, idle ones included.',
    example: 'sum(clear_friends_vendor_connections)',
  }),
  vendor_connect_failures_total: counter({
    of: 'process',
    unit: 'connections',
    labels: { reason: '`dns`, `refused`, `timeout`, `tls`, `unreachable` or `other`' },
    meaning: 'Connections to the vendor that this worker could not open, by reason.',
    example: 'sum by (instance, reason) (increase(clear_friends_vendor_connect_failures_total[5m]))',
  }),
  stood_aside: gauge({
    of: 'process',
    unit: 'always 1',
    labels: { code: 'why: the vendor’s code, or a word' },
    meaning: 'There while this worker alone sends nothing, because of a fault of its own; absent otherwise.',
    example: 'sum by (instance, code) (clear_friends_stood_aside)',
  }),
  rate_limit_per_second: gauge({
    of: 'process',
    unit: 'calls per second',
    labels: { command: COMMAND },
    meaning: 'The vendor’s ceiling as it is set (RATE_LIMIT_PER_SECOND). Workers that disagree are set up wrongly.',
    example: 'min by (command) (clear_friends_rate_limit_per_second)',
  }),
  usersig_expires_timestamp_seconds: gauge({
    of: 'process',
    unit: 'epoch seconds',
    meaning:
      'When the signature in use ends; 0 before the first call. A worker that calls signs anew twelve hours before.',
    example: 'min(clear_friends_usersig_expires_timestamp_seconds > 0) - time()',
  }),
  redis_up: gauge({
    of: 'process',
    unit: '1 or 0',
    meaning: 'Whether Redis answered this scrape. At 0 all metrics of the fleet are absent, never stale.',
    example: 'min by (instance) (clear_friends_redis_up)',
  }),
  redis_round_trip_seconds: gauge({
    of: 'process',
    unit: 'seconds',
    meaning: 'How long Redis took to answer a question of this scrape; absent while it does not answer.',
    example: 'max by (instance) (clear_friends_redis_round_trip_seconds)',
  }),
  redis_clock_offset_seconds: gauge({
    of: 'process',
    unit: 'seconds',
    meaning:
      'How far the clock of Redis is ahead of this host’s, exact to half a round trip; absent while Redis does not answer.',
    example: 'max(abs(clear_friends_redis_clock_offset_seconds))',
  }),
  build_info: gauge({
    of: 'process',
    unit: 'always 1',
    labels: { version: 'the version of clear-friends' },
    meaning: 'Which version runs.',
    example: 'count by (version) (clear_friends_build_info)',
  }),
} as const
