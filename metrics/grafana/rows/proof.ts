import { FLEET, quantiles, type Row } from '../question.ts'

/** Whether the fleet has cleared the accepted accounts, and can prove it. */
export const proof: Row = {
  title: 'Proof',
  questions: [
    {
      title: 'Does what was accepted come to an end?',
      says: 'Accounts accepted and jobs ended, since the fleet’s Redis was set up. The gap is the queue. Bad: a gap that is larger than the queue; run `clear-friends status`.',
      unit: 'none',
      shows: 'lines',
      width: 8,
      queries: [
        { expr: `max(clear_friends_enqueued_total{${FLEET}, result="accepted"})`, legend: 'accepted' },
        { expr: `max(sum by (instance) (clear_friends_ended_total{${FLEET}}))`, legend: 'ended' },
      ],
    },
    {
      title: 'Does every end leave a receipt?',
      says: 'Bad: receipts that do not rise with the jobs that end. Pause the fleet until they do: what is cleared now could not be proved.',
      unit: 'none',
      shows: 'lines',
      width: 8,
      queries: [
        { expr: `max(sum by (instance) (clear_friends_ended_total{${FLEET}}))`, legend: 'ended' },
        { expr: `max(clear_friends_receipts_total{${FLEET}})`, legend: 'receipts' },
      ],
    },
    {
      title: 'Is the log of receipts signed?',
      says: 'Entries that no signed head covers yet, and whether the log does not fit together. Bad: “broken” at 1, or a number that keeps rising. See the runbook, ClearFriendsReceiptsBroken.',
      unit: 'none',
      shows: 'lines',
      width: 8,
      queries: [
        {
          expr: `max(clear_friends_receipts_total{${FLEET}}) - max(clear_friends_receipts_head_size{${FLEET}})`,
          legend: 'not covered',
        },
        { expr: `max(clear_friends_receipts_broken{${FLEET}})`, legend: 'broken' },
      ],
    },
    {
      title: 'Is what was cleared proved?',
      says: 'Clears by whether the list was seen empty; “skipped” is what VERIFY asks for. Bad: “no”: the lists cannot be read. See what the vendor answers to friend_get.',
      unit: 'ops',
      shows: 'stacked',
      width: 8,
      queries: [
        {
          expr: `sum by (verified) (rate(clear_friends_cleared_total{${FLEET}}[$__rate_interval]))`,
          legend: '{{verified}}',
        },
      ],
    },
    {
      title: 'Why were jobs given up?',
      says: 'Dead letters that are kept now, by code. Bad: any. docs/errors.md says what each code asks for.',
      unit: 'none',
      shows: 'lines',
      width: 8,
      queries: [
        { expr: `max by (code) (clear_friends_dead_letters{${FLEET}}) or on () vector(0)`, legend: '{{code}}' },
      ],
    },
    {
      title: 'How much is enqueued?',
      says: 'Accounts per second by what became of them. Bad: many rejected: a producer sends something else than user ids.',
      unit: 'ops',
      shows: 'stacked',
      width: 8,
      queries: [
        {
          expr: `max by (result) (rate(clear_friends_enqueued_total{${FLEET}}[$__rate_interval]))`,
          legend: '{{result}}',
        },
      ],
    },
    {
      title: 'How old are jobs when they end?',
      says: 'Half of them, and all but 5 %. Bad: days. With a short queue it is retries; see why jobs go back.',
      unit: 's',
      shows: 'lines',
      width: 8,
      queries: quantiles('clear_friends_job_age_at_settle_seconds', { half: 0.5, 'all but 5 %': 0.95 }),
    },
  ],
}
