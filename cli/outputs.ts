import type { Writable } from 'node:stream'
import { EXIT } from './exit-codes.ts'
import { fileFault } from './file-fault.ts'

/** Commands that do nothing but show something, and may go on for long. */
const ONLY_SHOW: readonly (readonly string[])[] = [['status'], ['receipts', 'export'], ['failed', 'export']]

/**
 * Lets a command go on when nobody reads its output any more, as with `import file --json | true` or a log that is gone:
 * what it would write is dropped, and its work and its exit code stay the same. Only a command that does nothing but show
 * something ends then, as with `status --watch | head`.
 *
 * An output that cannot be written for another reason, such as a full disk, makes the exit code 1 at the end.
 *
 * @param argv arguments after the name of the program
 * @returns a function that makes the exit code of the process from that of the command
 */
export function watchOutputs(
  argv: readonly string[],
  { stdout, stderr }: { readonly stdout: Writable; readonly stderr: Writable },
): (exitCode: number) => number {
  const onlyShows = ONLY_SHOW.some(words => words.every((word, index) => argv[index] === word))
  let isBroken = false
  stdout.on('error', error => {
    if (isClosed(error)) {
      if (onlyShows) process.exit(EXIT.done)
      return
    }
    if (!isBroken) stderr.write(`clear-friends: the output cannot be written (${fileFault(error)})\n`)
    isBroken = true
    process.exitCode = EXIT.failed
  })
  // There is nobody to tell.
  stderr.on('error', () => {})
  return exitCode => (isBroken && exitCode === EXIT.done ? EXIT.failed : exitCode)
}

const isClosed = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EPIPE'
