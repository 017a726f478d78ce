import { type Setting, settingsTable } from '../config/settings.ts'
import { type AnswerClass, codeRules } from '../worker/api/error-codes.ts'

/** The page of settings, made from the one table of them. */
export function configurationPage(): string {
  const rows = Object.entries<Setting<unknown, boolean, boolean>>(settingsTable).map(([name, row]) =>
    line([
      `\`${name}\`${row.secret ? `, \`${name}_FILE\`` : ''}`,
      row.default === undefined ? (row.required ? 'none, required' : 'none') : `\`${row.default}\``,
      row.expected + (row.unit === undefined ? '' : ` (${row.unit})`),
      row.meaning,
    ]),
  )
  return [
    '# Configuration',
    '',
    'Settings are environment variables. An empty one counts as not set. All faults are reported at once, with exit code',
    '78; the value of a secret is never shown. A secret can come from a file whose name is in the variable that ends in',
    '`_FILE`, as container platforms mount them.',
    '',
    line(['variable', 'default', 'what it takes', 'what it is for']),
    line(['---', '---', '---', '---']),
    ...rows,
    '',
  ].join('\n')
}

const doing: Readonly<Record<AnswerClass, string>> = {
  done: 'goes on: the goal is reached',
  retry_now: 'repeats at once, up to 3 requests, then backs off and tries again',
  retry_later: 'backs off and tries again; repeats at once only where the outcome is not known',
  conflict: 'backs off and tries again, never at once; after 5 conflicts deletes friend by friend',
  throttled: 'slows the whole fleet down by 1 % for each such answer; the job comes back unspent',
  throttled_all: 'as throttled, and nobody calls for 5 s',
  renew_signature: 'signs anew and repeats once; halts the fleet when that does not help',
  check_account: 'asks `account_check`; settles as `not_imported` when the account does not exist',
  stop: 'halts the whole fleet, burns no job, probes until it is mended',
  permanent: 'makes a dead letter',
  unexpected: 'makes a dead letter; our calls cannot lead to this answer',
}

/** The page of the vendor's codes, made from the one table of them. */
export function errorsPage(): string {
  const rows = Object.entries(codeRules).map(([code, rule]) =>
    line([
      code,
      rule.means,
      doing[rule.class],
      rule.act ?? 'nothing',
      rule.documented ? 'yes' : 'older pages or reports',
    ]),
  )
  return [
    '# What the worker does about each answer',
    '',
    'The vendor answers HTTP 200 to everything; the code in the body decides. Anything else (a 5xx, a broken connection,',
    'no answer in 10 s, a body that breaks the contract) leaves the outcome unknown: it is repeated, which is safe, and',
    'never reported as done. A 4xx is tried again later, a redirect halts the fleet, because the URL carries a signature.',
    '',
    'Codes that stand in no row: 38000 to 39000 come from the app’s own webhook and make a dead letter; 70000 to 70399 read',
    'as a fault of the signature and halt the fleet; all others back off and try again until the attempts are used up.',
    '',
    line(['code', 'what happened', 'what the worker does', 'what you must do', 'documented']),
    line(['---', '---', '---', '---', '---']),
    ...rows,
    '',
  ].join('\n')
}

const line = (cells: readonly string[]): string => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
