import type { Verdict } from '../vendor/classify.ts'
import type { Command } from '../vendor/client.ts'
import { accountCheckSchema } from '../vendor/wire.ts'
import { askVendor } from './ask-vendor.ts'
import { type Attempt, done, type Step, stopAsMalformed, stopBy, stopWith } from './steps.ts'

/** The vendor's pages give this code two meanings: another app's account, or a deleted one. Waiting cures neither. */
const ILLEGAL_ACCOUNT = '30002'

/**
 * Decides what the answer «no such account» means. Either the account is gone, which is the goal, or we ask the wrong
 * app; `jobs/settle/settle.lua` watches for the second case. The worker never imports the account, which would bring
 * the person back.
 *
 * @param command the call that got this answer
 * @param said the verdict on this answer
 * @returns `not_imported` when the account does not exist; else a stop
 */
export async function checkAccount(attempt: Attempt, command: Command, said: Verdict): Promise<Step<'not_imported'>> {
  const asked = await askVendor(
    attempt,
    'account_check',
    { CheckItem: [{ UserID: attempt.account }] },
    accountCheckSchema,
  )
  if (asked.kind === 'stopped') return asked
  const answer = asked.value
  // The account stands in an item, so «no such account» for the whole call speaks of the admin who calls.
  if (answer.kind === 'no_account') return stopWith({ kind: 'stop', reason: answer.verdict.reason }, CHECK_ADMIN)
  if (answer.kind === 'not_friends') return stopBy(answer.verdict)
  const [item] = answer.body.ResultItem
  if (item === undefined || (item.ResultCode === 0 && item.AccountStatus === undefined)) {
    return stopAsMalformed('an account_check without a result')
  }
  if (item.ResultCode !== 0) return again(said, `account_check answered the item with ${item.ResultCode}`)
  if (item.AccountStatus === 'NotImported') return done('not_imported')
  const text = `${said.reason.text}, but account_check calls it imported`
  if (said.reason.code !== ILLEGAL_ACCOUNT) return again(said, text)
  return stopBy(attempt.judge(command, { ...said, class: 'permanent', reason: { ...said.reason, text } }))
}

const CHECK_ADMIN = 'Check IM_ADMIN, IM_SDK_APP_ID and IM_BASE_URL: the vendor does not know the account that signs.'

const again = (said: Verdict, text: string): Step<never> =>
  stopWith({ kind: 'retry', reason: { code: said.reason.code, text } })
