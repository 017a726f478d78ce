import { FLEET, quantiles, type Row } from '../question.ts'

/** The vendor's answers: their codes and times. */
export const theVendor: Row = {
  title: 'The vendor',
  questions: [
    {
      title: 'Can the vendor be reached?',
      says: 'Connections that could not be opened, by reason. Bad: any for minutes. Look at DNS, firewall and proxy of the host, and at IM_BASE_URL.',
      unit: 'none',
      shows: 'lines',
      width: 12,
      badFrom: 1,
      queries: [
        {
          expr: `sum by (instance, reason) (increase(clear_friends_vendor_connect_failures_total{${FLEET}}[1m]))`,
          legend: '{{instance}} {{reason}}',
        },
      ],
    },
    {
      title: 'What does the vendor answer?',
      says: 'Calls by code; 0 is a success. Bad: much of anything else. docs/errors.md says what each code means and asks for.',
      unit: 'reqps',
      shows: 'stacked',
      width: 12,
      queries: [
        {
          expr: `sum by (command, code) (rate(clear_friends_api_requests_total{${FLEET}}[$__rate_interval])) > 0`,
          legend: '{{command}} {{code}}',
        },
      ],
    },
    {
      title: 'How fast does it answer?',
      says: 'Half of the calls, all but 5 %, all but 1 %. Bad: seconds. The vendor gives up by itself after 3 s; ask it, and look at the network.',
      unit: 's',
      shows: 'lines',
      width: 6,
      queries: quantiles('clear_friends_api_request_duration_seconds', {
        half: 0.5,
        'all but 5 %': 0.95,
        'all but 1 %': 0.99,
      }),
    },
    {
      title: 'Which share of the calls fails?',
      says: 'Without conflicts, refusals for speed, and answers about the account itself. Bad: above 2 % for hours; above 29 % for an hour somebody is woken. See what the vendor answers.',
      unit: 'percentunit',
      shows: 'lines',
      width: 6,
      badFrom: 0.02,
      queries: [
        { expr: `max(clear_friends:call_errors:ratio_rate5m{${FLEET}})`, legend: 'of 5 minutes' },
        { expr: `max(clear_friends:call_errors:ratio_rate1h{${FLEET}})`, legend: 'of an hour' },
        { expr: `max(clear_friends:call_errors:ratio_rate6h{${FLEET}})`, legend: 'of 6 hours' },
      ],
    },
    {
      title: 'Why do jobs go back to the queue?',
      says: 'Reasons of retries and of jobs that were handed back. Bad: more go back than end. 30008 is another write to the same list; paused, halted and draining cost nothing.',
      unit: 'ops',
      shows: 'stacked',
      width: 12,
      queries: [
        {
          expr: `sum by (reason) (rate(clear_friends_job_retries_total{${FLEET}}[$__rate_interval])) or on () vector(0)`,
          legend: '{{reason}}',
        },
      ],
    },
    {
      title: 'How long does the signature last?',
      says: 'The shortest of all workers. It is renewed at twelve hours by the next call. Bad: below six hours while calls are made. Check that host’s clock and restart the worker.',
      unit: 's',
      shows: 'number',
      width: 6,
      badBelow: 21_600,
      queries: [
        {
          expr: `min(clear_friends_usersig_expires_timestamp_seconds{${FLEET}} > 0) - time()`,
          legend: 'time left',
        },
      ],
    },
    {
      title: 'How many connections are open?',
      says: 'To the vendor, of all workers. Bad: it grows without end, or is 0 while jobs wait: then the vendor cannot be reached.',
      unit: 'none',
      shows: 'lines',
      width: 6,
      queries: [{ expr: `sum by (instance) (clear_friends_vendor_connections{${FLEET}})`, legend: '{{instance}}' }],
    },
  ],
}
