import { FLEET, type Row } from '../question.ts'

/** Whether the fleet clears people, and when the last of those who wait will be cleared. */
export const isItWorking: Row = {
  title: 'Is it working?',
  questions: [
    {
      title: 'What stands in its way?',
      says: 'The code of a halt, or a pause. Bad: anything but “nothing”. Run `clear-friends doctor`; docs/errors.md says what each code asks for.',
      unit: 'none',
      shows: 'number',
      width: 4,
      height: 4,
      badFrom: 1,
      namesOnly: true,
      queries: [
        { expr: `max by (code) (clear_friends_halted{${FLEET}})`, legend: 'halted: {{code}}' },
        { expr: `max(clear_friends_paused{${FLEET}}) > 0`, legend: 'paused' },
        {
          expr: `vector(0) unless on () (max(clear_friends_halted{${FLEET}}) or max(clear_friends_paused{${FLEET}}) > 0)`,
          legend: 'nothing',
        },
      ],
    },
    {
      title: 'How many alerts fire?',
      says: 'Alerts of this fleet that fire now. Bad: more than none. Each has an entry in docs/runbook.md.',
      unit: 'none',
      shows: 'number',
      width: 4,
      height: 4,
      badFrom: 1,
      queries: [
        {
          expr: `count(ALERTS{alertname=~"ClearFriends.+", alertstate="firing", job=~"$job|"}) or on () vector(0)`,
          legend: 'firing',
        },
      ],
    },
    {
      title: 'When will the queue be empty?',
      says: 'Time left at the present rate; “unknown” while nothing moves. Bad: longer than the next due date is away. See due dates at risk.',
      unit: 's',
      shows: 'number',
      width: 4,
      height: 4,
      queries: [{ expr: `max(clear_friends_eta_seconds{${FLEET}})`, legend: 'time left' }],
    },
    {
      title: 'How old is the oldest job?',
      says: 'Since when somebody waits. Bad: more than a day. With a short queue one job fails again and again; see why jobs go back.',
      unit: 's',
      shows: 'number',
      width: 4,
      height: 4,
      badFrom: 86_400,
      queries: [{ expr: `max(clear_friends_oldest_pending_seconds{${FLEET}})`, legend: 'oldest' }],
    },
    {
      title: 'How many jobs will miss their due date?',
      says: 'Forecast at the rate that is allowed now. Bad: more than none. Raise the rate if it was lowered, and tell those who answer for the dates.',
      unit: 'none',
      shows: 'number',
      width: 4,
      height: 4,
      badFrom: 1,
      queries: [{ expr: `max(clear_friends_due_at_risk{${FLEET}})`, legend: 'at risk' }],
    },
    {
      title: 'How many dead letters wait for a person?',
      says: 'Jobs that gave up. Bad: more than none. Run `clear-friends failed list`, mend it, and `clear-friends failed replay`.',
      unit: 'none',
      shows: 'number',
      width: 4,
      height: 4,
      badFrom: 1,
      queries: [{ expr: `max(clear_friends_queue_jobs{${FLEET}, state="failed"})`, legend: 'dead letters' }],
    },
    {
      title: 'How many jobs end per second?',
      says: 'All workers together, by outcome. Bad: 0 while jobs wait. Look at what stands in its way, then at the calls.',
      unit: 'ops',
      shows: 'stacked',
      width: 12,
      queries: [{ expr: `sum by (outcome) (clear_friends:jobs_settled:rate1m{${FLEET}})`, legend: '{{outcome}}' }],
    },
    {
      title: 'How long is the queue?',
      says: 'Jobs that have not ended. Bad: it grows for hours, so more is enqueued than the limit allows to end.',
      unit: 'none',
      shows: 'stacked',
      width: 12,
      queries: [
        {
          expr: `max by (state) (clear_friends:queue_jobs:last{${FLEET}, state!="failed"})`,
          legend: '{{state}}',
        },
      ],
    },
  ],
}
