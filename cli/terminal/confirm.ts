import { createInterface } from 'node:readline/promises'
import type { Readable } from 'node:stream'
import type { Shell } from '../shell.ts'
import { count } from '../words.ts'

/** A small list is quickly withdrawn again by `cancel`. */
const ASK_ABOVE = 1000

/**
 * Asks the operator on a terminal whether so many accounts are to be enqueued. Nobody is asked about 1,000 or fewer, nor
 * where stdin or stderr is no terminal.
 *
 * @returns whether to go on; `false` at the signal too
 */
export async function confirm(accounts: number, { stdin, stderr }: Shell, signal: AbortSignal): Promise<boolean> {
  if (accounts <= ASK_ABOVE || !isTerminal(stdin) || !stderr.isTTY) return true
  const questions = createInterface({ input: stdin, output: stderr })
  try {
    const answer = await questions.question(`Enqueue ${count(accounts)} accounts? [y/N] `, { signal })
    return /^y(es)?$/i.test(answer.trim())
  } catch (error) {
    if (signal.aborted) return false
    throw error
  } finally {
    questions.close()
  }
}

const isTerminal = (stream: Readable): boolean => 'isTTY' in stream && stream.isTTY === true
