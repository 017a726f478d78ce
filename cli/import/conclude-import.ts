import { EnqueueInterruptedError } from '../../jobs/job/errors.ts'
import { EXIT } from '../exit-codes.ts'
import type { Shell } from '../shell.ts'
import { count, counted } from '../words.ts'
import type { ImportParts } from './enqueue-lines.ts'
import type { Done } from './files/checkpoint.ts'
import { ImportFileError } from './files/import-file-error.ts'
import { FileChangedError } from './files/input-file.ts'
import type { ImportEnd } from './import-end.ts'
import { exitCodeOf, type MaxRejected, printManifest, sumsInWords } from './report.ts'
import { inWords } from './take-import.ts'

/** Parts of an import that has ended, and how to report it. */
export interface EndedImport extends ImportParts {
  readonly maxRejected: MaxRejected
  readonly json?: true | undefined
}

/** Forgets an import that cannot go on: one that is complete, or whose input cannot be read again. */
export async function concludeImport(end: ImportEnd, { checkpoint, lease }: ImportParts): Promise<void> {
  if (end.kind !== 'complete' && end.kind !== 'lost') return
  // In this order: a checkpoint without a record would be an import that Redis has lost.
  await checkpoint?.remove()
  await lease.forget()
}

/**
 * Reports how an import ended.
 *
 * @returns the exit code
 * @throws the error that ended the import, after a report of what was enqueued before
 */
export function reportImport(end: ImportEnd, parts: EndedImport, shell: Shell): number {
  const { say } = shell
  const { rejectedLines, maxRejected, json } = parts
  switch (end.kind) {
    case 'complete':
      printManifest(end.done, rejectedLines.file, json, shell)
      return exitCodeOf(end.done, maxRejected, say)
    case 'interrupted':
      printManifest(end.done, rejectedLines.file, json, shell)
      say(`interrupted: the lines after these were not enqueued; ${howToGoOn(parts)}`)
      return EXIT.stopped
    case 'taken':
      say(takenInWords(end, parts))
      return EXIT.failed
    case 'lost':
      say(lostInWords(end.done, parts))
      return EXIT.failed
    case 'failed':
      say(`stopped: ${leftInWords(end, parts)}; ${howToGoOn(parts)}`)
      throw end.error instanceof FileChangedError ? changed(parts) : end.error
    default:
      return end satisfies never
  }
}

type Taken = Extract<ImportEnd, { readonly kind: 'taken' }>
type Failed = Extract<ImportEnd, { readonly kind: 'failed' }>

function howToGoOn({ checkpoint }: EndedImport): string {
  return checkpoint === undefined
    ? 'running the same import again enqueues no account twice that is still in the queue'
    : 'the same command with --resume goes on from here'
}

function leftInWords({ done, error }: Failed, { state, checkpoint }: EndedImport): string {
  const left =
    checkpoint === undefined ? 'the lines after these' : `the other ${counted(state.total - done.lines, 'line')}`
  const unsure = error instanceof EnqueueInterruptedError ? ', or only some of the next 1,000' : ''
  return `${sumsInWords(done)}; ${left} were not enqueued${unsure}`
}

function takenInWords({ done, owner }: Taken, { input }: EndedImport): string {
  const other = owner === undefined ? 'another process' : inWords(owner)
  return (
    `${input.name}: ${other} has taken this import over, since this process did not answer for 10 s. ` +
    `This one stops behind line ${count(done.lines)}; the manifest of the other one counts all lines.`
  )
}

function lostInWords(done: Done, { input }: EndedImport): string {
  return (
    `${input.name}: Redis has lost its latest data, and this input cannot be read again. The accounts behind line ` +
    `${count(done.lines)} may be missing: import them once more from line ${count(done.lines + 1)} on. ` +
    `Up to there: ${sumsInWords(done)}.`
  )
}

const changed = ({ input, checkpoint }: EndedImport): ImportFileError =>
  new ImportFileError(
    `${input.name}: the file has changed while it was imported. Nothing of the change was enqueued. Put the file back as ` +
      `it was and go on with --resume, or delete ${checkpoint?.file} and import the new one from its first line.`,
  )
