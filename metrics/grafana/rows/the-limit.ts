import { FLEET, quantiles, type Row } from '../question.ts'

/** Whether the fleet keeps the vendor's ceiling, and uses it. */
export const theLimit: Row = {
  title: 'The limit',
  questions: [
    {
      title: 'How many calls leave per second, and how many may?',
      says: 'Calls of all workers against the ceiling and the rate that is allowed now. Bad: far below the allowed rate while jobs wait (see the wait for a permit), or an allowed rate far below the ceiling (the vendor refuses, or a person lowered it).',
      unit: 'reqps',
      shows: 'lines',
      width: 12,
      queries: [
        { expr: `sum by (command) (clear_friends:calls:rate1m{${FLEET}})`, legend: '{{command}}' },
        { expr: `max by (command) (clear_friends_rate_allowed_per_second{${FLEET}})`, legend: '{{command}}, allowed' },
        { expr: `min by (command) (clear_friends_rate_limit_per_second{${FLEET}})`, legend: '{{command}}, ceiling' },
      ],
    },
    {
      title: 'How many calls fell into the worst second?',
      says: 'The fullest rolling second since the last scrape. Bad: above the ceiling. Lower the rate, and look for a worker with another ceiling.',
      unit: 'none',
      shows: 'lines',
      width: 6,
      queries: [
        { expr: `max by (command) (clear_friends_peak_calls_per_second{${FLEET}})`, legend: '{{command}}' },
        { expr: `min by (command) (clear_friends_rate_limit_per_second{${FLEET}})`, legend: '{{command}}, ceiling' },
      ],
    },
    {
      title: 'How long do calls wait for a permit?',
      says: 'Half of them, and all but 1 %. A few seconds are right with a long queue: the line is in the workers. Bad: a wait with an empty queue, which means that the way to Redis is slow.',
      unit: 's',
      shows: 'lines',
      width: 6,
      queries: quantiles('clear_friends_permit_wait_seconds', { half: 0.5, 'all but 1 %': 0.99 }),
    },
    {
      title: 'What became of the permits?',
      says: 'Used, missed because a process was late, or void because Redis went away. Bad: many missed, so the hosts are too busy.',
      unit: 'reqps',
      shows: 'stacked',
      width: 12,
      queries: [
        {
          expr: `sum by (result) (rate(clear_friends_permits_total{${FLEET}}[$__rate_interval]))`,
          legend: '{{result}}',
        },
      ],
    },
    {
      title: 'Does every worker know the same ceiling?',
      says: 'Ceilings that workers were started with. Bad: more than one line a command. Set RATE_LIMIT_PER_SECOND alike and restart.',
      unit: 'none',
      shows: 'lines',
      width: 12,
      queries: [
        {
          expr: `count by (command, ceiling) (count_values by (command, instance) ("ceiling", clear_friends_rate_limit_per_second{${FLEET}}))`,
          legend: '{{command}}: {{ceiling}}',
        },
      ],
    },
  ],
}
