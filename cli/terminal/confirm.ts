import type { Shell } from '../shell.ts'
import { count } from '../words.ts'
import { askYesOrNo, canAsk } from './ask.ts'

/** A small list is quickly withdrawn again by `cancel`. */
const ASK_ABOVE = 1000

/**
 * Asks the operator on a terminal whether so many accounts are to be enqueued. Nobody is asked about 1,000 or fewer, nor
 * where stdin or stderr is no terminal.
 *
 * @returns whether to go on
 * @throws {InterruptedError} at Ctrl-C and at the signal
 */
export async function confirm(accounts: number, shell: Shell, signal: AbortSignal): Promise<boolean> {
  if (accounts <= ASK_ABOVE || !canAsk(shell)) return true
  return askYesOrNo(`Enqueue ${count(accounts)} accounts?`, shell, signal)
}
