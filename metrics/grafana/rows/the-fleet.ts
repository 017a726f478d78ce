import { FLEET, type Row } from '../question.ts'

/** Health of the workers and of Redis. */
export const theFleet: Row = {
  title: 'The fleet',
  questions: [
    {
      title: 'How many workers are up?',
      says: 'Workers that Prometheus can scrape. Bad: none. Look whether they run, and why they ended; exit code 78 is a setting.',
      unit: 'none',
      shows: 'number',
      width: 4,
      badBelow: 1,
      queries: [{ expr: `sum(up{${FLEET}})`, legend: 'up' }],
    },
    {
      title: 'Which versions run?',
      says: 'Workers by version. More than one is right during a deploy only.',
      unit: 'none',
      shows: 'number',
      width: 4,
      queries: [{ expr: `count by (version) (clear_friends_build_info{${FLEET}})`, legend: '{{version}}' }],
    },
    {
      title: 'How many workers reach Redis?',
      says: 'Bad: fewer than are up. Those call nobody. Run `clear-friends doctor` on their hosts.',
      unit: 'none',
      shows: 'number',
      width: 4,
      badBelow: 1,
      queries: [{ expr: `sum(clear_friends_redis_up{${FLEET}})`, legend: 'reach Redis' }],
    },
    {
      title: 'Which workers stand aside?',
      says: 'Workers that alone send nothing, with the code. Bad: any for long. The log of that worker says what is wrong on its host: key, clock, network.',
      unit: 'none',
      shows: 'lines',
      width: 12,
      badFrom: 1,
      queries: [
        { expr: `sum by (instance, code) (clear_friends_stood_aside{${FLEET}})`, legend: '{{instance}} {{code}}' },
      ],
    },
    {
      title: 'How many jobs are in hand?',
      says: 'Of each worker, and how many fit. Bad: all full while few calls leave, so jobs hang; or empty while jobs wait.',
      unit: 'none',
      shows: 'lines',
      width: 12,
      queries: [
        { expr: `sum by (instance) (clear_friends_jobs_in_hand{${FLEET}})`, legend: '{{instance}}' },
        { expr: `max(clear_friends_job_slots{${FLEET}})`, legend: 'slots of a worker' },
      ],
    },
    {
      title: 'How late is the event loop?',
      says: 'The worst 1 % since the last scrape. Bad: above 20 ms, when permits are missed. The host is too busy; give it more, or start fewer workers on it.',
      unit: 's',
      shows: 'lines',
      width: 6,
      badFrom: 0.02,
      queries: [{ expr: `max by (instance) (nodejs_eventloop_lag_p99_seconds{${FLEET}})`, legend: '{{instance}}' }],
    },
    {
      title: 'How much memory do the workers use?',
      says: 'Bad: it grows for days. Restart the worker and report it.',
      unit: 'bytes',
      shows: 'lines',
      width: 6,
      queries: [{ expr: `max by (instance) (process_resident_memory_bytes{${FLEET}})`, legend: '{{instance}}' }],
    },
    {
      title: 'How fast does Redis answer?',
      says: 'One question at each scrape. Bad: above 50 ms: permits come late, and the limit is not used. Look for slow commands and for the network.',
      unit: 's',
      shows: 'lines',
      width: 6,
      badFrom: 0.05,
      queries: [
        { expr: `max by (instance) (clear_friends_redis_round_trip_seconds{${FLEET}})`, legend: '{{instance}}' },
      ],
    },
    {
      title: 'How far are the clocks apart?',
      says: 'Redis’ clock against each host’s. Bad: more than 5 s either way. Mend the time service of the host.',
      unit: 's',
      shows: 'lines',
      width: 6,
      signed: true,
      queries: [
        { expr: `max by (instance) (clear_friends_redis_clock_offset_seconds{${FLEET}})`, legend: '{{instance}}' },
      ],
    },
  ],
}
