import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/**
 * What is measured: names, labels, units. The names are fixed, dashboards and alerts rely on them. No label ever holds
 * an account, a job id or a request id.
 */

const PREFIX = 'clear_friends_'
/** Seconds. The vendor answers in tens of milliseconds and times out at 3 s; we give up at 10 s. */
const CALL_BUCKETS = [0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.2, 0.35, 0.5, 1, 2, 3, 5, 10]
/** Seconds a call waits for its permit: nothing when idle, the length of the line when busy. */
const WAIT_BUCKETS = [0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30]
/** Seconds from enqueue to the end: a second up to two months. */
const AGE_BUCKETS = [
  1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 259_200, 604_800, 1_209_600, 2_592_000, 5_184_000,
]

/** Makes the metrics of one process. */
export function define() {
  const registry = new Registry()
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> =>
    new Counter({ name: PREFIX + name, help, labelNames, registers })
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> =>
    new Gauge({ name: PREFIX + name, help, labelNames, registers })
  const histogram = <L extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly L[] = [],
  ): Histogram<L> => new Histogram({ name: PREFIX + name, help, buckets, labelNames, registers })

  return {
    registry,
    apiRequests: counter('api_requests_total', 'Requests sent to the vendor, by the code of the answer.', [
      'command',
      'code',
    ]),
    jobsSettled: counter('jobs_settled_total', 'Jobs that ended, by outcome.', ['outcome']),
    jobRetries: counter('job_retries_total', 'Jobs that went back to the queue, by reason.', ['reason']),
    permits: counter('permits_total', 'Permits, by what became of them: used, missed or void.', ['command', 'result']),
    verifications: counter(
      'verifications_total',
      'Looks at the friend list after a delete: empty, not_empty or unread.',
      ['result'],
    ),
    apiRequestDuration: histogram(
      'api_request_duration_seconds',
      'Time from sending a request to its answer.',
      CALL_BUCKETS,
      ['command'],
    ),
    permitWait: histogram('permit_wait_seconds', 'Time a call waited for its permit.', WAIT_BUCKETS, ['command']),
    jobAgeAtSettle: histogram('job_age_at_settle_seconds', 'Time from enqueueing a job to its end.', AGE_BUCKETS),
    queueJobs: gauge('queue_jobs', 'Jobs in the queue, by state. The same on every worker: take the maximum.', [
      'state',
    ]),
    oldestPending: gauge(
      'oldest_pending_seconds',
      'Age of the oldest job that has not ended. The same on every worker.',
    ),
    eta: gauge(
      'eta_seconds',
      'Seconds until the queue is empty at the rate of the last ten seconds. The same on every worker.',
    ),
    dueAtRisk: gauge(
      'due_at_risk',
      'Waiting jobs that will miss their due date at the allowed rate. The same on every worker.',
    ),
    rateLimit: gauge('rate_limit_per_second', 'The vendor’s ceiling as it is set.', ['command']),
    rateAllowed: gauge(
      'rate_allowed_per_second',
      'Calls per second that the fleet allows itself now. The same on every worker: take the maximum.',
      ['command'],
    ),
    peakCalls: gauge(
      'peak_calls_per_second',
      'Calls sent by the whole fleet in the fullest rolling second since the last scrape. Take the maximum.',
      ['command'],
    ),
    halted: gauge('halted', '1 with the code while the fleet is halted on a fault of our own.', ['code']),
    userSigExpires: gauge('usersig_expires_timestamp_seconds', 'When the current signature ends, in epoch seconds.'),
    buildInfo: gauge('build_info', 'Always 1; the version is in the label.', ['version']),
  }
}
