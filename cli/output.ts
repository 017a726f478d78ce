import { once } from 'node:events'
import { EXIT } from './exit-codes.ts'
import { fileFault } from './file-fault.ts'

/** Writes data, on stdout, for people or programs that read it. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Writes much data, on stdout, no faster than it is read. */
export async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

/**
 * Ends the program when its stdout takes nothing more. That nobody reads it any longer, as with `status --watch | head`, is
 * no fault; a full disk is one.
 */
export function endWithReader(): void {
  process.stdout.on('error', error => {
    if ('code' in error && error.code === 'EPIPE') process.exit()
    say(`clear-friends: the output cannot be written (${fileFault(error)})`)
    process.exit(EXIT.failed)
  })
}

/** Writes talk, on stderr: progress, hints, errors. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Formats a count with thin groups, as in 1,500. */
export const count = (n: number): string => n.toLocaleString('en-US')

/** Formats a span of seconds as people say it: `12 s`, `3 min`, `2 h 5 min`, `4 d 3 h`. */
export function span(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`
  return `${Math.floor(seconds / 86_400)} d ${Math.round((seconds % 86_400) / 3600)} h`
}
