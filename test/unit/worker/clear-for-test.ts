import { type AttemptResult, clearAccount } from '../../../worker/attempt/clear-account.ts'
import { type Progress, parseProgress } from '../../../worker/attempt/progress.ts'
import { FaultStreaks } from '../../../worker/vendor/fault-streaks.ts'
import { aCaller } from '../../helpers/vendor/caller.ts'
import type { ScriptedCall } from '../../helpers/vendor/scripted-call.ts'

/** What an attempt is given; everything has a default. */
export interface Given {
  readonly progress?: Partial<Progress>
  readonly verify?: boolean
  readonly account?: string
  readonly faultStreaks?: FaultStreaks
  readonly signal?: AbortSignal
  readonly wait?: (ms: number) => Promise<void>
}

/** Clears an account at a vendor that answers by a script. */
export function clear(script: ScriptedCall, given: Given = {}): Promise<AttemptResult> {
  return clearAccount(
    { account: given.account ?? 'user_1' },
    { ...parseProgress({}), ...given.progress },
    {
      call: script.call,
      faultStreaks: given.faultStreaks ?? new FaultStreaks(),
      verify: given.verify ?? true,
      caller: aCaller(given.signal),
      wait: given.wait ?? (async () => {}),
    },
  )
}

/** The commands that the vendor was asked, in order. */
export const commands = (script: ScriptedCall): string[] => script.asked.map(each => each.command)
