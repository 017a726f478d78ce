/**
 * Deletes the accounts of a request at the vendor when all of them are cleared. It comes last, because nobody can clear
 * an account that is gone. Nothing brings a deleted account back.
 *
 *     npm install clear-friends zod
 *     REDIS_URL=redis://127.0.0.1:6379 IM_BASE_URL=https://… IM_SDK_APP_ID=… IM_ADMIN=… IM_USER_SIG=… \
 *       node delete-account-last.ts ticket-12 < departed.txt > left.txt
 *
 * It reads one account a line. It writes accounts that are not deleted yet to stdout, and sums to stderr; exit code 1
 * says that some are left. Run it again with either file: to delete an account twice is harmless.
 */
import { execFile } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createPermits } from 'clear-friends/permits'
import { z } from 'zod'

const { REDIS_URL = '', REDIS_PREFIX = '{clear-friends}', RATE_LIMIT_PER_SECOND = '200' } = process.env
const { IM_BASE_URL, IM_SDK_APP_ID = '', IM_ADMIN = '', IM_USER_SIG = '' } = process.env
const url = new URL('/v4/im_open_login_svc/account_delete', IM_BASE_URL)
const app = { sdkappid: IM_SDK_APP_ID, identifier: IM_ADMIN, usersig: IM_USER_SIG, contenttype: 'json' }
url.search = String(new URLSearchParams(app))

/** The vendor takes 100 accounts a call (page 1047/34955, read 2026-11). The limiter knows its ceiling, 100 calls/s. */
const ACCOUNTS_PER_CALL = 100
/** Codes by which the vendor calls us too fast. All programs of the app slow down together. */
const TOO_FAST = new Set([60007, 60018, 60019])
/** Faults of the moment: conflicts with other writes, time-outs, errors inside the vendor. */
const PASSES = new Set([...TOO_FAST, 60011, 30006, 30007, 30008, 40006, 60008, 60014, 70169, 70202, 70500])
/** The vendor's "no such account". */
const NO_ACCOUNT = 70107

const countsSchema = z.object({ accepted: z.int(), pending: z.int(), dead: z.int(), cancelled: z.int() })
const answerSchema = z.object({
  ErrorCode: z.int(),
  ResultItem: z.array(z.object({ UserID: z.string(), ResultCode: z.int() })).default([]),
})

/** Says why nothing may be deleted yet. The command also refuses a fleet of another app than IM_SDK_APP_ID. */
async function findObstacle(request: string, accounts: number): Promise<string | undefined> {
  const command = fileURLToPath(new URL('bin/clear-friends.js', import.meta.resolve('clear-friends/package.json')))
  const { stdout } = await promisify(execFile)(process.execPath, [command, 'status', `--request=${request}`, '--json'])
  const { accepted, pending, dead, cancelled } = countsSchema.parse(JSON.parse(stdout))
  if (pending > 0) return `${pending} accounts are pending: wait until they are cleared`
  if (dead > 0) return `${dead} accounts were given up: replay their dead letters, or import the others anew`
  if (cancelled > 0) return `${cancelled} accounts were cancelled, perhaps of people who stay: import the others anew`
  if (accounts > accepted) return `the list has ${accounts} accounts, the request ${accepted}: some were never cleared`
  return undefined
}

const permits = createPermits({
  redis: REDIS_URL,
  prefix: REDIS_PREFIX,
  ceilingPerSecond: Number(RATE_LIMIT_PER_SECOND),
  onRefused: reason => console.error(`Redis grants no permits: ${reason}`),
})

/** Sends one call. Gives nothing when no usable answer comes; then nobody knows whether the vendor deleted. */
function post(accounts: readonly string[]): Promise<z.infer<typeof answerSchema> | undefined> {
  url.searchParams.set('random', String(randomInt(2 ** 32)))
  const body = JSON.stringify({ DeleteItem: accounts.map(UserID => ({ UserID })) })
  // It follows no redirect, because the URL carries the signature.
  return fetch(url, { method: 'POST', body, redirect: 'error', signal: AbortSignal.timeout(10_000) })
    .then(async response => answerSchema.parse(await response.json()))
    .catch(() => undefined)
}

/** Deletes up to 100 accounts with one call: gives the code of each, or why there is none. */
async function deleteAccounts(accounts: readonly string[]) {
  const codes = new Map<string, number>()
  // A pause or a halt of the fleet stops this program too.
  const paced = await permits.pace('account_delete', () => post(accounts), { signal: AbortSignal.timeout(60_000) })
  if (paced.kind === 'closed') return { codes, why: `no call was made (${paced.by})`, mayGoOn: false }
  const answer = await paced.value
  paced.answered()
  const code = answer?.ErrorCode ?? 'no answer'
  permits.observe('account_delete', healthOf(code))
  if (code === 'no answer') return { codes, why: code, mayGoOn: true }
  // A code such as 71000 (account deletion is not switched on in the vendor's console) stops the program.
  if (code !== 0) return { codes, why: `code ${code} for the whole call`, mayGoOn: PASSES.has(code) }
  for (const { UserID, ResultCode } of answer?.ResultItem ?? []) codes.set(UserID, ResultCode)
  return { codes, why: 'no result', mayGoOn: true }
}

function healthOf(code: number | 'no answer') {
  if (code === 'no answer') return 'unanswered'
  if (code === 60011) return 'throttled_all'
  return TOO_FAST.has(code) ? 'throttled' : 'answered'
}

function fateOf(code: number | undefined, why: string): string {
  if (code === 0) return 'deleted'
  if (code === NO_ACCOUNT) return 'gone before'
  if (code === undefined) return why
  return PASSES.has(code) ? `to try again (${code})` : `refused (${code})`
}

const accounts = [...new Set((await text(process.stdin)).split(/\r?\n/))].filter(account => account !== '')
const obstacle = await findObstacle(process.argv[2] ?? '', accounts.length)
const sums = new Map<string, number>()
const left = new Set(accounts)
for (let from = 0; obstacle === undefined && from < accounts.length; from += ACCOUNTS_PER_CALL) {
  const batch = accounts.slice(from, from + ACCOUNTS_PER_CALL)
  const { codes, why, mayGoOn } = await deleteAccounts(batch)
  for (const account of batch) {
    const code = codes.get(account)
    const fate = fateOf(code, why)
    sums.set(fate, (sums.get(fate) ?? 0) + 1)
    if (code === 0 || code === NO_ACCOUNT) left.delete(account)
  }
  if (!mayGoOn) break
}
permits.close()
for (const account of left) console.log(account)
console.error(obstacle ?? [...sums, ['left in all', left.size]].map(([what, count]) => `${count} ${what}`).join('\n'))
process.exitCode = left.size > 0 ? 1 : 0
