/**
 * The vendor's codes, and the meaning of each for a job, in one table. A test compares `docs/errors.md` with it. Vendor
 * pages 1047/34348, 34905 to 34914 and 269/1519, read 2026-11.
 */

/**
 * What a worker does about an answer.
 * - `done`: the goal is reached.
 * - `not_friends`: for one friend in a list, the goal is reached. For a whole call it proves nothing, and a look at the
 *   list decides.
 * - `retry_now`: repeat within the call, quickly; if that does not help, send the job back with backoff.
 * - `retry_later`: send the job back with backoff; if the outcome is unknown, repeat within the call first.
 * - `conflict`: another write to the same list is under way. Send the job back; never repeat within the call.
 * - `throttled`: we are too fast. The fleet slows down; the job goes back and uses no attempt.
 * - `throttled_all`: as `throttled`, and every command pauses.
 * - `renew_signature`: sign anew and repeat once; the same answer again is `stop`.
 * - `recheck_signature`: the vendor's pages disagree whether a repeat may pass. Sign anew and repeat twice with
 *   backoff; the same answer again is `stop`.
 * - `check_account`: ask `account_check` whether the account exists.
 * - `stop`: our own fault; halt the fleet.
 * - `permanent`: this job can never succeed.
 * - `unexpected`: our calls cannot cause it. Treated as `permanent`; a person should look.
 */
export type AnswerClass =
  | 'done'
  | 'not_friends'
  | 'retry_now'
  | 'retry_later'
  | 'conflict'
  | 'throttled'
  | 'throttled_all'
  | 'renew_signature'
  | 'recheck_signature'
  | 'check_account'
  | 'stop'
  | 'permanent'
  | 'unexpected'

/** One row: the meaning of a code, what a worker does about it, and what the operator must do. */
export interface CodeRule {
  readonly class: AnswerClass
  /** What happened, in a sentence without user ids. */
  readonly means: string
  /** What the operator must do; absent if nobody must act. */
  readonly act?: string
  /**
   * Number of accounts in a row with this code, and no success between, after which it is `stop`. See `FaultStreaks`.
   */
  readonly haltsAfter?: number
  /** Number of attempts with this code that make a dead letter of the job; default `MAX_ATTEMPTS`. */
  readonly attempts?: number
  /** Whether the vendor's current pages list the code; if not, it comes from older pages or reports. */
  readonly documented: boolean
}

const rule = (cls: AnswerClass, means: string, act?: string): CodeRule => ({
  class: cls,
  means,
  ...(act === undefined ? {} : { act }),
  documented: true,
})
const older = (cls: AnswerClass, means: string, act?: string): CodeRule => ({
  ...rule(cls, means, act),
  documented: false,
})

const MATCH_REGION = 'Set IM_BASE_URL to the domain of the data centre in which the app was created.'
const MATCH_APP = 'Check IM_SDK_APP_ID and IM_BASE_URL against the vendor’s console.'
const MATCH_KEY = 'Set IM_SECRET_KEY to the current key of this app.'
const MAKE_ADMIN = 'Make IM_ADMIN an app administrator in the vendor’s console, or set another account.'
const ASK_VENDOR = 'Ask the vendor’s support.'
const REPORT_BUG = 'Report it as a bug with the log line.'
const PAY = 'Buy, renew or top up the plan; it takes effect about five minutes later.'

const NOTHING_UNLESS_IMPORTED =
  'Nothing; ask the vendor’s support about a dead letter, whose account `account_check` calls imported.'
const ASK_IF_IT_STAYS = 'Nothing; ask the vendor’s support if it stays.'

/** Accounts in a row: one or two odd accounts are chance, three are a fault of ours. */
const HALTS_AFTER_FEW = 3
/** Accounts in a row: a bad minute of the vendor fails some, but twenty without a success mean that all fail. */
const HALTS_AFTER_MANY = 20
/** Number of attempts with an unknown code that make a dead letter of the job: it may never succeed. */
const ATTEMPTS_AT_THE_UNKNOWN = 3

/** The table. Keys are the vendor's numbers. */
export const codeRules: Readonly<Record<number, CodeRule>> = {
  0: rule('done', 'the vendor has done it'),

  30001: rule('permanent', 'the vendor calls a parameter illegal', 'Check that the account is a user id of this app.'),
  30002: { ...rule('check_account', 'the account is illegal or was deleted', MATCH_APP), haltsAfter: HALTS_AFTER_FEW },
  30003: rule('check_account', 'the account is not imported into the app', NOTHING_UNLESS_IMPORTED),
  30004: rule('stop', 'IM_ADMIN is not an app admin', MAKE_ADMIN),
  30005: rule('unexpected', 'the follow feature is off', REPORT_BUG),
  30006: rule('retry_now', 'internal error at the vendor'),
  30007: rule('retry_now', 'time-out inside the vendor; whether it was done is not known'),
  30008: rule('conflict', 'another write to the same friend list was under way'),
  30009: rule('unexpected', 'this user may not add friends', REPORT_BUG),
  30010: rule('unexpected', 'the own friend list is full', REPORT_BUG),
  30011: rule('unexpected', 'there are too many friend groups', REPORT_BUG),
  30012: rule('unexpected', 'there are too many pending requests', REPORT_BUG),
  30013: rule('unexpected', 'the blocklist is full', REPORT_BUG),
  30014: rule('unexpected', 'the friend’s list is full', REPORT_BUG),
  30515: rule('unexpected', 'the peer is blocked', REPORT_BUG),
  30516: rule('unexpected', 'the peer allows nobody to add it', REPORT_BUG),
  30525: rule('unexpected', 'the peer has blocked the account', REPORT_BUG),
  30539: rule('unexpected', 'a friend request waits for approval', REPORT_BUG),
  30540: older('unexpected', 'adding friends hit a security policy', REPORT_BUG),
  30614: rule('unexpected', 'there is no such pending request', REPORT_BUG),
  31211: older('not_friends', 'the two are not friends'),
  31704: rule('not_friends', 'the two are not friends'),
  31707: older(
    'throttled',
    'too many deletions, says a security policy',
    'Lower the rate, and ask the vendor if it stays.',
  ),
  31804: rule('not_friends', 'there is no such pending request'),
  40006: rule('retry_later', 'clearing the profile failed'),

  60002: rule('stop', 'the vendor could not parse the URL', REPORT_BUG),
  60003: { ...rule('permanent', 'the vendor could not parse the body', REPORT_BUG), haltsAfter: HALTS_AFTER_FEW },
  60004: rule('recheck_signature', 'the vendor could not check account or signature', MATCH_KEY),
  60005: rule('recheck_signature', 'the vendor could not check account or signature', MATCH_KEY),
  60006: older('stop', 'the SDKAppID is not valid', MATCH_APP),
  60007: rule('throttled', 'this command was called too often'),
  60008: {
    ...rule('retry_later', 'the service timed out; whether it was done is not known', ASK_IF_IT_STAYS),
    haltsAfter: HALTS_AFTER_MANY,
  },
  60009: rule('stop', 'the vendor does not know the command', REPORT_BUG),
  60010: rule('stop', 'IM_ADMIN is not an app admin', MAKE_ADMIN),
  60011: older('throttled_all', 'the app as a whole called too often'),
  60012: rule('stop', 'the SDKAppID is missing in the URL', REPORT_BUG),
  60013: rule('retry_later', 'the vendor could not parse an answer of its own'),
  60014: rule('retry_now', 'checking the account timed out'),
  60015: rule('permanent', 'the account in the body is not a string', REPORT_BUG),
  60016: rule('stop', 'the app is disabled', ASK_VENDOR),
  60017: rule('stop', 'requests of the app are disabled', ASK_VENDOR),
  60018: rule('throttled', 'called too often'),
  60019: older('throttled', 'called too often'),
  60020: rule('stop', 'the plan of the app has ended or is in arrears', PAY),
  60021: rule('stop', 'the vendor does not accept this host’s IP address', ASK_VENDOR),
  60025: rule('stop', 'a parameter of the URL is wrong', 'Check IM_SDK_APP_ID, IM_ADMIN and IM_SECRET_KEY.'),
  60026: rule('stop', 'the domain belongs to another region than the app', MATCH_REGION),
  60027: rule('stop', 'the product type of the app may not use this command', MATCH_APP),
  60028: rule('stop', 'the trial edition’s calls of 24 hours are used up', 'Wait a day or upgrade the plan.'),

  70001: rule('renew_signature', 'the signature has expired', 'Check this host’s clock.'),
  70002: older('stop', 'the signature is empty', REPORT_BUG),
  70003: rule('renew_signature', 'the signature is illegal', MATCH_KEY),
  70005: older('stop', 'the signature could not be checked', MATCH_KEY),
  70009: rule('stop', 'the signature was made with the key of another app', MATCH_KEY),
  70013: rule('stop', 'the signature belongs to another account than IM_ADMIN', 'Check IM_ADMIN.'),
  70014: rule('stop', 'the signature belongs to another SDKAppID', MATCH_APP),
  70016: rule('stop', 'the vendor has no key of this app in this region', MATCH_REGION),
  70020: rule('stop', 'the vendor does not know the SDKAppID in this region', MATCH_REGION),
  70050: rule('stop', 'too many wrong signatures in a minute', MATCH_KEY),
  70051: rule(
    'stop',
    'an account, IM_ADMIN or the one to clear, is on a blocklist of the vendor',
    'Take the account off the list, or ask the vendor’s support.',
  ),
  70052: older('renew_signature', 'the signature is no longer valid', MATCH_KEY),
  70107: rule('check_account', 'the account is not imported into the app', NOTHING_UNLESS_IMPORTED),
  70114: older('stop', 'restricted for security reasons', ASK_VENDOR),
  70169: rule('retry_later', 'internal time-out at the vendor'),
  70202: older('retry_later', 'internal time-out at the vendor'),
  70206: older('permanent', 'the vendor did not accept the number of accounts', REPORT_BUG),
  70346: older('stop', 'an unlisted code that was seen with a bad signature', MATCH_KEY),
  70398: rule('unexpected', 'the app holds as many accounts as it may', REPORT_BUG),
  70399: rule('unexpected', 'a deleted account cannot be imported again yet', REPORT_BUG),
  70402: rule('permanent', 'the vendor calls a parameter illegal', REPORT_BUG),
  70403: rule('stop', 'IM_ADMIN is not an app admin', MAKE_ADMIN),
  70404: rule('unexpected', 'the client SDK is too old', REPORT_BUG),
  70500: rule('retry_later', 'internal error at the vendor'),
  71000: rule('stop', 'the app does not allow accounts to be deleted', 'Allow it in the vendor’s console.'),
  72000: rule('stop', 'more daily users than the plan allows', PAY),
  72001: rule('unexpected', 'a feature is off', REPORT_BUG),
  72002: rule('stop', 'more monthly users than the plan allows', PAY),
  72010: rule('unexpected', 'login or push events came too often', REPORT_BUG),
  72011: rule('unexpected', 'a feature is not enabled', REPORT_BUG),
  72012: rule('unexpected', 'a feature is not enabled', REPORT_BUG),

  80001: rule('unexpected', 'a content check refused it', REPORT_BUG),
  80002: rule('unexpected', 'the body is longer than 12 KB', REPORT_BUG),
  80003: rule('unexpected', 'a message webhook failed or timed out', REPORT_BUG),
  80004: rule('unexpected', 'an image is illegal', REPORT_BUG),
  80005: rule('stop', 'the service is deactivated', PAY),
}

/** Rules by range, for codes without a row. The first range that fits holds. */
const rangeRules: readonly { readonly from: number; readonly to: number; readonly rule: CodeRule }[] = [
  {
    from: 38000,
    to: 39000,
    rule: rule('permanent', 'the app’s own webhook refused it', 'Find out why the webhook objects, then replay.'),
  },
  { from: 70000, to: 70399, rule: older('stop', 'an unlisted code of the signature range', MATCH_KEY) },
]

const UNKNOWN: CodeRule = {
  ...older('retry_later', 'a code that the vendor’s pages do not list', ASK_VENDOR),
  haltsAfter: HALTS_AFTER_MANY,
  attempts: ATTEMPTS_AT_THE_UNKNOWN,
}

/**
 * Gives the rule for a code: its row, else its range, else the rule for unknown codes.
 *
 * @param code `ErrorCode` of an answer, or `ResultCode` of an item
 */
export function ruleOfCode(code: number): CodeRule {
  return codeRules[code] ?? rangeRules.find(range => code >= range.from && code <= range.to)?.rule ?? UNKNOWN
}

/** Whether a code has a row of its own. All others share one label in metrics, so that labels stay bounded. */
export const isListedCode = (code: number): boolean => codeRules[code] !== undefined
