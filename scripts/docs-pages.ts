import { SETTING_NAMES, settingRow } from '../config/settings.ts'
import { type AnswerClass, type CodeRule, codeRules, ruleOfCode } from '../worker/vendor/error-codes.ts'

/** Makes the page of settings from their table. */
export function configurationPage(): string {
  const rows = SETTING_NAMES.map(name => {
    const row = settingRow(name)
    return line([
      `\`${name}\`${row.secret || row.fileToo ? `, \`${name}_FILE\`` : ''}`,
      row.default === undefined ? (row.required ? 'none, required' : 'none') : `\`${row.default}\``,
      row.expected + (row.unit === undefined ? '' : ` (${row.unit})`),
      row.meaning,
    ])
  })
  return [
    '# Configuration',
    '',
    'Settings are environment variables. An empty one counts as not set. All faults are reported at once, with exit code',
    '78; a secret is never shown, nor a value that may hold one. A secret, and `REDIS_URL`, can come from a file whose',
    'name is in the variable that ends in `_FILE`, as container platforms mount them.',
    '',
    'Every command but `demo` also reads the file `.env` in the working directory, as Node does it; [.env.example](../.env.example)',
    'is one to begin with. The environment wins, even with an empty variable. `LOG_LEVEL=debug` says that the file is used.',
    '',
    line(['variable', 'default', 'what it takes', 'what it is for']),
    line(['---', '---', '---', '---']),
    ...rows,
    '',
  ].join('\n')
}

const doing: Readonly<Record<AnswerClass, string>> = {
  done: 'goes on: the goal is reached',
  not_friends: 'of one friend in a list: goes on; of a whole call: reads the list to see whether it is empty',
  retry_now: 'repeats at once, up to 3 requests, then backs off and tries again',
  retry_later: 'backs off and tries again; repeats at once only where the outcome is not known',
  conflict: 'backs off and tries again, never at once; after 5 conflicts deletes friend by friend',
  throttled: 'slows the whole fleet down by 1 % for each such answer; the job comes back unspent',
  throttled_all: 'as throttled, and nobody calls for 5 s',
  renew_signature: 'signs anew and repeats once; blames us when that does not help',
  recheck_signature: 'signs anew and repeats twice with backoff; blames us when that does not help',
  check_account: 'asks `account_check`: settles as `not_imported` when the account does not exist, else $else',
  stop: 'blames us: finds out whose fault it is, see above',
  permanent: 'makes a dead letter',
  unexpected: 'makes a dead letter; our calls cannot lead to this answer',
}

/** Describes what a worker does about a code. Code 30002 differs from its class if the account exists. */
const doingFor = (code: number, rule: CodeRule): string =>
  doing[rule.class].replace('$else', code === 30002 ? 'makes a dead letter' : 'backs off and tries again')

const limitsOf = ({ haltsAfter, attempts }: CodeRule): string[] => [
  ...(attempts === undefined ? [] : [`makes a dead letter of a job that ends so ${attempts} times`]),
  ...(haltsAfter === undefined ? [] : [`blames us when ${haltsAfter} accounts in a row get it`]),
]

const REPEATED =
  'repeats it, up to 3 requests, then backs off and tries again; calls once a second while nothing gets through'

const WITHOUT_CODE: readonly (readonly string[])[] = [
  ['no answer in 10 s, a broken connection', REPEATED, 'nothing; look at the network if it stays'],
  ['HTTP 5xx', REPEATED, 'nothing; ask the vendor if it stays'],
  [
    'a body that is empty, cut off, no JSON, over 2 MB, without `ErrorCode` or `ActionStatus`, or with two of them; `OK` with a code, `FAIL` with 0; HTTP 2xx other than 200',
    `${REPEATED}; after \`MAX_ATTEMPTS\` attempts a dead letter`,
    'Look what stands between here and the vendor.',
  ],
  [
    'HTTP 4xx',
    'backs off and tries again; blames us when 3 accounts in a row get it',
    'Look at proxy, firewall and `IM_BASE_URL`.',
  ],
  [
    'HTTP 429',
    'slows the whole fleet down by 1 % for each such answer; the job comes back unspent, no earlier than `Retry-After` says',
    'Look at the proxy that limits the requests, or lower the rate.',
  ],
  [
    'HTTP 3xx',
    'blames us; never follows, because the URL carries a signature',
    'Remove what redirects, or set `IM_BASE_URL`.',
  ],
]

/** Makes the page of the vendor's codes from their table. */
export function errorsPage(): string {
  const unlisted = ruleOfCode(Number.NaN)
  const rows = Object.entries(codeRules).map(([code, rule]) =>
    line([
      code,
      rule.means,
      [doingFor(Number(code), rule), ...limitsOf(rule)].join('; '),
      rule.act ?? 'nothing',
      rule.documented ? 'yes' : 'older pages or reports',
    ]),
  )
  return [
    '# What the worker does about each answer',
    '',
    'The vendor answers HTTP 200 to everything; the code in the body decides, and only `OK` with 0 is a success. What it',
    'says about `friend_delete_all` is proved by a read as `VERIFY` says. A read that fails never undoes a delete.',
    '',
    '## Answers without a usable code',
    '',
    line(['what comes', 'what the worker does', 'what you must do']),
    line(['---', '---', '---']),
    ...WITHOUT_CODE.map(line),
    '',
    'After one of these the outcome is not known. It is never reported as done; deleting again is harmless and settles it.',
    '',
    'When nine of ten requests fail in one of these ways, or with a code that says the vendor itself failed, it is an',
    'outage: the fleet calls once a second, the jobs come back unspent, and the first good answer ends it.',
    '',
    '## Whose fault it is',
    '',
    'Some codes blame our key, rights or settings. The worker that gets one holds its further requests and finds out:',
    '',
    '- **One account’s.** A later request of the same command succeeds, or a probe does. The job spends an attempt, waits',
    '  10 s or more for the next, and becomes a dead letter after `MAX_ATTEMPTS`; nobody else notices.',
    '- **This worker’s.** The probe is refused too: an old key, a wrong clock, a blocked address. The worker stands aside,',
    '  says so (log, `stood_aside`, `/readyz`, `status`), gives its jobs back unspent, and works again when a probe succeeds.',
    '- **The fleet’s.** Every live worker stands aside. The fleet is halted, and one worker probes for all.',
    '',
    'A probe reads the friend list of an account that nobody imports, 5 s after the halt, then at growing intervals up to',
    '5 min; 60 s after 70050, 5 min after 60020. `clear-friends resume` goes on at once. Only a person can go on after',
    '30002, 60003, or because the vendor does not know suspiciously many accounts: a probe sees nothing of these.',
    '',
    'A worker that opens no connection for 5 s stands aside as `unreachable` and tries every 2 s. That halts nobody.',
    '',
    '## Codes',
    '',
    'Where a code blames us after some accounts in a row, each worker counts the different accounts that got it since the',
    'command last worked.',
    '',
    'Codes that stand in no row: 38000 to 39000 come from the app’s own webhook and make a dead letter; 70000 to 70399 read',
    'as a fault of the signature and blame us; all others back off and try again, make a dead letter after',
    `${unlisted.attempts} attempts, and blame us when ${unlisted.haltsAfter} accounts in a row get them.`,
    '',
    line(['code', 'what happened', 'what the worker does', 'what you must do', 'documented']),
    line(['---', '---', '---', '---', '---']),
    ...rows,
    '',
    '## Words of ours',
    '',
    'Dead letters, receipts and the label `reason` also know these, which no answer of the vendor causes by itself:',
    '',
    line(['word', 'what happened', 'what you must do']),
    line(['---', '---', '---']),
    ...WORDS_OF_OURS.map(line),
    '',
  ].join('\n')
}

const WORDS_OF_OURS: readonly (readonly [word: string, happened: string, act: string])[] = [
  ['`invalid_job`', 'the data of the job break its contract; a dead letter', 'mend the producer, discard the job'],
  ['`wrong_app`', 'the job names another app than the fleet’s; a dead letter', 'enqueue it in the fleet of its app'],
  ['`newer_job`', 'the job is of a newer version; it goes back unspent', 'upgrade this worker, see upgrading.md'],
  ['`crashes`', 'workers were lost with this job in hand more than 20 times; a dead letter', 'look what ends them'],
  ['`internal_error`', 'an attempt met a fault of this program; another attempt', 'report it with the line of the log'],
  [
    '`still_has_friends`',
    'the list is not empty after two deletes; a dead letter',
    'look whether somebody adds friends',
  ],
  [
    '`vetoed`, `before_clear_failed`, `before_clear_late`',
    'what the hook `beforeClear` said or did',
    'look at the hook',
  ],
  ['`withdrawn`', '`cancel` withdrew the account', 'nothing'],
  ['`wish_grew`', 'a duplicate asked for more while a worker had the job; another attempt', 'nothing'],
  ['`foreign`', 'the fleet’s contract was lost or is another one’s; the job goes back unspent', 'see upgrading.md'],
]

/** Makes a row of a Markdown table. */
export const line = (cells: readonly string[]): string =>
  `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
