import type { Verdict } from './api/classify.ts'
import { accountCheckSchema } from './api/wire.ts'
import { type Attempt, done, ended, endedAsClosed, endedAsMalformed, endedBy, type Step } from './steps.ts'

/**
 * Decides what «no such account» means. It may be gone, which is what we want, or we may be asking the wrong app; the
 * guard of `jobs/settle.lua` looks for the latter. An account is never imported to cure it: that would bring the person
 * back.
 *
 * @param said the verdict that said so
 * @returns done when the account does not exist
 */
export async function checkAccount(attempt: Attempt, said: Verdict): Promise<Step<'not_imported'>> {
  const result = await attempt.call('account_check', { CheckItem: [{ UserID: attempt.account }] })
  if (result.kind === 'closed') return endedAsClosed(result.by)
  if (result.verdict.class !== 'done') return endedBy(result.verdict)
  const parsed = accountCheckSchema.safeParse(result.verdict.body)
  const item = parsed.success ? parsed.data.ResultItem[0] : undefined
  if (item === undefined) return endedAsMalformed('an account_check without a result')
  if (item.ResultCode === 0 && item.AccountStatus === 'NotImported') return done('not_imported')
  const text =
    item.ResultCode === 0
      ? `${said.reason.text}, but account_check calls it imported`
      : `account_check answered the item with ${item.ResultCode}`
  return ended({ kind: 'retry', reason: { code: said.reason.code, text } })
}
