import type { Verdict } from './classify.ts'
import type { Command } from './client.ts'

/**
 * Tells an account's own trouble from ours. Some answers are the account's when one account gets them and ours when all
 * do: a body that cannot be parsed, a proxy that refuses, a service that never answers in time.
 *
 * It keeps, for each command and kind of answer, the accounts that got the answer since the command last worked. When there are as
 * many as the answer's rule says, the verdict becomes `stop`, and stays so until the command works again: jobs that
 * come back meanwhile are not burned one by one. Each process counts its own calls; accounts are kept in memory only.
 */
export class FaultStreaks {
  readonly #streaks = new Map<Command, Map<string, Set<string>>>()

  /**
   * Takes in what a call came to.
   *
   * @returns the verdict as it is, or as `stop` when it ends a row
   */
  judge(command: Command, account: string, verdict: Verdict): Verdict {
    if (verdict.class === 'done') this.#streaks.delete(command)
    if (verdict.haltsAfter === undefined) return verdict
    const accounts = this.#accountsOf(command, verdict.label)
    if (accounts.size < verdict.haltsAfter) accounts.add(account)
    if (accounts.size < verdict.haltsAfter) return verdict
    const text = `${verdict.reason.text}, for ${verdict.haltsAfter} accounts in a row`
    return { ...verdict, class: 'stop', reason: { ...verdict.reason, text } }
  }

  /** Begins anew with these codes: a person has looked and let the fleet go on. */
  forget(isSettled: (code: string) => boolean): void {
    for (const streaks of this.#streaks.values()) {
      for (const code of streaks.keys()) if (isSettled(code)) streaks.delete(code)
    }
  }

  #accountsOf(command: Command, label: string): Set<string> {
    const streaks = this.#streaks.get(command) ?? new Map<string, Set<string>>()
    this.#streaks.set(command, streaks)
    const accounts = streaks.get(label) ?? new Set<string>()
    streaks.set(label, accounts)
    return accounts
  }
}
