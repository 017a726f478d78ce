import type { Verdict } from './classify.ts'
import type { Command } from './client.ts'

/**
 * Separates faults of one account from faults of ours. Some answers are the account's fault if one account gets them,
 * and ours if all do: a body that the vendor cannot parse, a proxy that refuses, a service that never answers in time.
 *
 * For each command and kind of answer it keeps the accounts that got the answer since the command last succeeded. Once
 * they are as many as the answer's rule allows, the verdict becomes `stop`. It stays so until the command succeeds, so
 * jobs that come back meanwhile use no attempts. Each process counts its own calls, and keeps the accounts in memory
 * only.
 */
export class FaultStreaks {
  readonly #streaks = new Map<Command, Map<string, Set<string>>>()

  /**
   * Counts the verdict of a call.
   *
   * @returns the verdict as it is, or as `stop` if its streak is long enough
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

  /** Forgets the streaks of these codes when the fleet goes on: a kept streak would halt it again at the next such answer. */
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
