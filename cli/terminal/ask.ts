import { createInterface } from 'node:readline/promises'
import { type Readable, Writable } from 'node:stream'
import { InterruptedError } from '../interrupted-error.ts'
import type { Shell } from '../shell.ts'

/** Whether somebody can be asked: stdin and stderr are a terminal. */
export const canAsk = ({ stdin, stderr }: Pick<Shell, 'stdin' | 'stderr'>): boolean =>
  isTerminal(stdin) && stderr.isTTY === true

const isTerminal = (stream: Readable): boolean => 'isTTY' in stream && stream.isTTY === true

/**
 * Asks on the terminal and gives the answer without spaces around it.
 *
 * @param unseen does not show what is typed
 * @throws {InterruptedError} at Ctrl-C and at the signal
 */
export async function ask(
  question: string,
  { stdin, stderr }: Pick<Shell, 'stdin' | 'stderr'>,
  { signal, unseen = false }: { readonly signal?: AbortSignal; readonly unseen?: boolean } = {},
): Promise<string> {
  const output = unseen ? new Writable({ write: (_chunk, _encoding, done) => done() }) : stderr
  const questions = createInterface({ input: stdin, output, terminal: true })
  // Only now does the terminal not show by itself what is typed.
  if (unseen) stderr.write(question)
  try {
    return (await questions.question(unseen ? '' : question, signal === undefined ? {} : { signal })).trim()
  } catch (error) {
    const isAborted = error instanceof Error && error.name === 'AbortError'
    throw isAborted ? new InterruptedError('interrupted at a question') : error
  } finally {
    questions.close()
    if (unseen) stderr.write('\n')
  }
}

/** Asks a question with a yes or a no; all but a yes is a no. Throws as {@link ask} does. */
export async function askYesOrNo(question: string, shell: Shell, signal?: AbortSignal): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(`${question} [y/N] `, shell, signal === undefined ? {} : { signal }))
}
